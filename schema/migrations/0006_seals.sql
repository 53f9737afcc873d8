-- Signed heads of the Merkle tree over the events: what fixes that nothing before them was altered.

CREATE TABLE tree_heads (
    size      bigint      PRIMARY KEY CHECK (size > 0),
    note      text        NOT NULL,
    frontier  bytea       NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tree_heads IS 'signed notes (C2SP tlog-checkpoint): size and root of the tree over the first `size` events';
COMMENT ON COLUMN tree_heads.frontier IS 'roots of the complete subtrees, left to right: what the next head goes on from';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tree_heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE tree_heads ENABLE ALWAYS TRIGGER append_only;

GRANT SELECT, INSERT ON tree_heads TO baize_app;
