CREATE TABLE texts (
    id bigint NOT NULL PRIMARY KEY,
    title varchar(200) NOT NULL,
    author varchar(80) NOT NULL,
    summary varchar(500) NOT NULL,
    body varchar(2000) NOT NULL
)
