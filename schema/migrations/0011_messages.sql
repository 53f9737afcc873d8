-- Messages to customers beyond the app: what is to be sent, and what became of it. Events are never waited for here:
-- a row is made when its event is in the log, and nothing else depends on it.

CREATE TABLE messages (
    position    bigint      PRIMARY KEY,
    kind        text        NOT NULL,
    member_id   uuid,
    session_id  uuid,
    amount_fen  bigint      NOT NULL,
    minutes     integer     NOT NULL,
    level       text,
    happened_at timestamptz NOT NULL,
    state       text        NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'sending', 'sent', 'unclear', 'refused', 'late', 'unreachable')),
    channel     text        CHECK (channel IN ('wechat', 'sms')),
    tries       integer     NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL,
    problem     text,
    CHECK (member_id IS NOT NULL OR session_id IS NOT NULL)
);
CREATE INDEX messages_due ON messages (due_at) WHERE state = 'waiting';
CREATE INDEX messages_sending ON messages (position) WHERE state = 'sending';
CREATE INDEX messages_texts ON messages (member_id, happened_at) WHERE channel = 'sms';
COMMENT ON COLUMN messages.position IS 'of the event that is told: one event is told to one person once';
COMMENT ON COLUMN messages.state IS 'waiting: to be sent; sending: a provider is being asked; sent: it took it; unclear: nobody knows, and it is not tried again; refused: no provider takes it; late: it was no news any more; unreachable: the person allows no way, or none is set up';

REVOKE ALL ON messages FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON messages TO baize_app;
