CREATE TABLE people (
    id bigint NOT NULL PRIMARY KEY,
    name varchar(40) NOT NULL,
    score double precision NOT NULL,
    created timestamp(6) NOT NULL,
    note varchar(100)
)
