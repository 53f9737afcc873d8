-- Every order and refund that providers were asked for, as the log tells it: our side when their bills are reconciled.
-- A follower of the log keeps it (checkpoint `provider_book`); deleting rows and checkpoint makes it anew.

CREATE TABLE provider_book (
    number     text        PRIMARY KEY,
    channel    text        NOT NULL,
    is_refund  boolean     NOT NULL,
    amount_fen bigint      NOT NULL,
    standing   text        NOT NULL CHECK (standing IN ('under_way', 'done', 'not')),
    asked_at   timestamptz NOT NULL,
    billed_at  timestamptz
);
COMMENT ON COLUMN provider_book.billed_at IS 'whose day''s bill should have it: when the order was paid, or the refund taken on, by the provider''s clock as far as it is known';

CREATE INDEX provider_book_billed ON provider_book (channel, billed_at) WHERE standing = 'done';
CREATE INDEX provider_book_asked ON provider_book (channel, asked_at);

REVOKE ALL ON provider_book FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_book TO baize_app;
