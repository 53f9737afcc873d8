-- What was sent by mail: a row for each revision of each report, written before the mail goes out and after. A report whose row is there is
-- not sent again by itself.

CREATE TABLE report_ledger (
    kind       text        NOT NULL CHECK (kind IN ('daily', 'weekly', 'monthly')),
    scope      text        NOT NULL CHECK (scope ~ '^(hall|chain):'),
    first_day  date        NOT NULL,
    revision   integer     NOT NULL CHECK (revision > 0),
    state      text        NOT NULL CHECK (state IN ('asked', 'sending', 'sent', 'unclear')),
    message_id text,
    position   bigint,
    mail       bytea,
    problem    text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, scope, first_day, revision)
);
COMMENT ON COLUMN report_ledger.state IS 'asked: to be sent; sending: the mail is being handed over; sent: the mail server took it; unclear: whoever sent it died before that was known';
COMMENT ON COLUMN report_ledger.position IS 'the position of the log that the report reflects';
COMMENT ON COLUMN report_ledger.mail IS 'the mail itself, made once: a later try sends the same';
COMMENT ON COLUMN report_ledger.problem IS 'why the last try came to nothing';

CREATE INDEX report_ledger_open ON report_ledger (state) WHERE state IN ('asked', 'sending');

REVOKE ALL ON report_ledger FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON report_ledger TO baize_views;
