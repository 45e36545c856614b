-- Reports, each no more than its SQL.

-- name: CountBooks :one
-- CountBooks counts the books.
SELECT COUNT(*) AS books FROM books;

-- name: CountPageViews :one
-- CountPageViews counts the page views.
SELECT COUNT(*) AS views FROM page_views;

-- name: LatestOrder :opt
-- LatestOrder returns the last order of a customer, if there is one.
SELECT id, placed_at
FROM orders
WHERE customer_id = :customer_id
ORDER BY placed_at DESC, id DESC
LIMIT 1;

-- name: PublishersWithoutBooks :many
-- PublishersWithoutBooks returns the publishers whose books we do not have.
SELECT p.id, p.name, p.city, p.founded
FROM publishers p
LEFT JOIN books b ON b.publisher_id = p.id
WHERE b.id IS NULL
ORDER BY p.id;

-- name: ForgetPageViews :execrows
-- ForgetPageViews deletes the page views before a moment and returns how many
-- they were.
DELETE FROM page_views WHERE viewed_at < :before;
