CREATE TABLE numbers (
    id bigint NOT NULL PRIMARY KEY,
    quantity integer NOT NULL,
    stock integer NOT NULL,
    sold bigint NOT NULL,
    ordered bigint NOT NULL,
    weekday smallint NOT NULL,
    price double precision NOT NULL,
    cost double precision NOT NULL,
    weight double precision NOT NULL,
    height double precision NOT NULL,
    width double precision NOT NULL,
    rating double precision NOT NULL
)
