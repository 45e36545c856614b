-- The bookshop on SQLite.
--
-- SQLite has no decimal type: what is declared DECIMAL is kept as a double, which
-- is exact for the 12 digits of a price. Longer numbers are kept as text.

CREATE TABLE languages (
  code          VARCHAR(3)  NOT NULL PRIMARY KEY,
  name          VARCHAR(40) NOT NULL,
  right_to_left BOOLEAN     NOT NULL
);

CREATE TABLE publishers (
  id      INTEGER     NOT NULL PRIMARY KEY,
  name    VARCHAR(80) NOT NULL,
  city    VARCHAR(60),
  founded SMALLINT
);

CREATE TABLE genres (
  id        INTEGER     NOT NULL PRIMARY KEY,
  parent_id INTEGER REFERENCES genres (id),
  name      VARCHAR(60) NOT NULL
);

CREATE TABLE authors (
  id   INTEGER     NOT NULL PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  born DATE,
  died DATE
);

CREATE TABLE books (
  id           INTEGER        NOT NULL PRIMARY KEY,
  isbn         VARCHAR(13)    UNIQUE,
  title        VARCHAR(200)   NOT NULL,
  subtitle     VARCHAR(200),
  language     VARCHAR(3)     NOT NULL REFERENCES languages (code),
  genre_id     INTEGER        NOT NULL REFERENCES genres (id),
  publisher_id INTEGER        REFERENCES publishers (id),
  price        DECIMAL(12, 2) NOT NULL,
  pages        SMALLINT,
  weight       DOUBLE PRECISION,
  published    DATE,
  in_print     BOOLEAN        NOT NULL,
  added_at     TIMESTAMP      NOT NULL,
  details      JSON
);

CREATE TABLE book_authors (
  book_id   INTEGER  NOT NULL REFERENCES books (id),
  author_id INTEGER  NOT NULL REFERENCES authors (id),
  position  SMALLINT NOT NULL,
  PRIMARY KEY (book_id, author_id)
);

CREATE TABLE covers (
  book_id    INTEGER     NOT NULL PRIMARY KEY REFERENCES books (id),
  media_type VARCHAR(40) NOT NULL,
  image      BLOB        NOT NULL,
  thumbnail  BLOB
);

CREATE TABLE customers (
  id         INTEGER      NOT NULL PRIMARY KEY,
  email      VARCHAR(120) NOT NULL UNIQUE,
  name       VARCHAR(80)  NOT NULL,
  nickname   VARCHAR(8),
  birthday   DATE,
  points     BIGINT       NOT NULL,
  newsletter BOOLEAN      NOT NULL,
  joined_at  TIMESTAMP    NOT NULL
);

CREATE TABLE orders (
  id          INTEGER   NOT NULL PRIMARY KEY,
  token       UUID      NOT NULL UNIQUE,
  customer_id INTEGER   NOT NULL REFERENCES customers (id),
  placed_at   TIMESTAMP NOT NULL,
  shipped_at  TIMESTAMP,
  note        TEXT
);

CREATE TABLE order_lines (
  order_id   INTEGER        NOT NULL REFERENCES orders (id),
  book_id    INTEGER        NOT NULL REFERENCES books (id),
  quantity   SMALLINT       NOT NULL,
  unit_price DECIMAL(12, 2) NOT NULL,
  PRIMARY KEY (order_id, book_id)
);

CREATE TABLE reviews (
  id          INTEGER     NOT NULL PRIMARY KEY,
  book_id     INTEGER     NOT NULL REFERENCES books (id),
  customer_id INTEGER     NOT NULL REFERENCES customers (id),
  stars       SMALLINT    NOT NULL,
  headline    VARCHAR(12) NOT NULL,
  body        TEXT
);

CREATE TABLE page_views (
  id          INTEGER          NOT NULL PRIMARY KEY,
  book_id     INTEGER          NOT NULL REFERENCES books (id),
  customer_id INTEGER          REFERENCES customers (id),
  viewed_at   TIMESTAMP        NOT NULL,
  seconds     DOUBLE PRECISION NOT NULL,
  referrer    VARCHAR(80)
);

-- Eighteen digits would not survive as a double.
CREATE TABLE exchange_rates (
  currency VARCHAR(3) NOT NULL,
  day      DATE       NOT NULL,
  rate     TEXT       NOT NULL,
  PRIMARY KEY (currency, day)
);

-- The branch in Leipzig named its own table.
CREATE TABLE öffnungszeiten (
  wochentag SMALLINT NOT NULL PRIMARY KEY,
  öffnet    TIME,
  schließt  TIME,
  bemerkung VARCHAR(80)
);

CREATE VIEW book_sales AS
SELECT b.id AS book_id, b.title, b.language,
       COUNT(l.order_id) AS orders, SUM(l.quantity) AS copies, SUM(l.quantity * l.unit_price) AS revenue
FROM books b
LEFT JOIN order_lines l ON l.book_id = b.id
GROUP BY b.id, b.title, b.language;
