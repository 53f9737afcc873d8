-- How far alerts to staff were sent by mail, for each hall or chain that has somebody who gets them.

CREATE TABLE alert_mails (
    scope      text        PRIMARY KEY CHECK (scope ~ '^(hall|chain):'),
    position   bigint      NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN alert_mails.position IS 'the position in the log of the last alert that was sent';

REVOKE ALL ON alert_mails FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON alert_mails TO baize_views;
