CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, born DATE, mentor_id INTEGER);
CREATE TABLE book (
	id INTEGER PRIMARY KEY AUTO_INCREMENT, author_id INTEGER, title VARCHAR(200) NOT NULL, price DECIMAL(12,2),
	pages INT NOT NULL, stock BIGINT NOT NULL, published DATE, added DATETIME NOT NULL,
	rating DOUBLE, active BOOLEAN NOT NULL, cover BLOB, meta JSON, code UUID, note TEXT
);
CREATE TABLE pair (a INTEGER, b INTEGER, note VARCHAR(10), UNIQUE (a, b));
CREATE TABLE `Größe` (`Wert` INTEGER NOT NULL, `select` INTEGER, `two words` TEXT NOT NULL);
CREATE TABLE swapped (b INTEGER, a INTEGER NOT NULL);
CREATE TABLE target (id INTEGER, title VARCHAR(200));
CREATE VIEW with_author AS SELECT b.id, b.title, a.name FROM book b LEFT JOIN author a ON a.id = b.author_id;
CREATE VIEW titles AS SELECT id, title FROM book;
CREATE VIEW page_totals AS SELECT pages, count(*) AS n FROM book GROUP BY pages WITH ROLLUP;
CREATE VIEW stray AS SELECT pages, count(*) AS n FROM book;
INSERT INTO author VALUES (1, 'a', NULL, NULL), (2, 'b', '1950-02-03', 1), (3, 'c', NULL, 9);
INSERT INTO book VALUES
	(1, 1, 'one', 12.5, 100, 5, '2020-01-01', '2020-01-01 10:00:00', 4.5, true, x'00ff', '{}', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'n'),
	(2, NULL, 'two', NULL, 0, 0, NULL, '2020-01-01 10:00:00', NULL, false, NULL, NULL, NULL, NULL),
	(3, 7, 'three', 0, 1, 1, NULL, '2021-01-01 10:00:00', NULL, true, NULL, NULL, NULL, NULL);
INSERT INTO pair VALUES (1, 1, NULL), (NULL, 2, 'x'), (1, NULL, 'y');
INSERT INTO `Größe` VALUES (1, NULL, 'x');
INSERT INTO swapped VALUES (NULL, 1);
INSERT INTO target VALUES (NULL, NULL), (1, 'one');
