-- Views of the log. Each view lives in tables of its own generation (`views.board_tables_g3`), which the
-- projections service creates and drops by itself; only the registry of generations is made here.

-- Roles are shared by the whole cluster: several databases may be migrated at the same time, so losing the race is fine.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'baize_views') THEN
        CREATE ROLE baize_views NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'baize_views', 'MEMBER') THEN
        EXECUTE format('GRANT baize_views TO %I', current_user);
    END IF;
EXCEPTION WHEN unique_violation OR SQLSTATE 'XX000' THEN
    NULL; -- "tuple concurrently updated": another migration granted it
END
$$;

CREATE SCHEMA views;
COMMENT ON SCHEMA views IS 'derived from the event log and never the truth: any view can be built again';
-- CREATE, because a rebuild makes the next generation's tables beside the live ones.
GRANT USAGE, CREATE ON SCHEMA views TO baize_views;
GRANT SELECT ON events TO baize_views;

CREATE TABLE views.generations (
    view       text        NOT NULL,
    generation int         NOT NULL CHECK (generation > 0),
    shape      int         NOT NULL,
    status     text        NOT NULL CHECK (status IN ('building', 'live', 'retired')),
    position   bigint      NOT NULL DEFAULT 0 CHECK (position >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    moved_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (view, generation)
) WITH (fillfactor = 20); -- one row is updated with every batch: leave room to do so within its page
CREATE UNIQUE INDEX generations_live ON views.generations (view) WHERE status = 'live';
COMMENT ON COLUMN views.generations.position IS 'checkpoint: the tables of this generation equal the fold of the log up to here';
COMMENT ON COLUMN views.generations.shape IS 'which shape of the tables the code had that made them';
GRANT SELECT, INSERT, UPDATE, DELETE ON views.generations TO baize_views;
