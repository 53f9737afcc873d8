-- What analysts read: SQL views over the views of the log, under names and columns that stay. The projections service makes
-- them, and points them at the tables of a generation when it becomes live.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'baize_bi') THEN
        CREATE ROLE baize_bi NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;

CREATE SCHEMA bi_v1;
COMMENT ON SCHEMA bi_v1 IS 'for analysts: read as the role baize_bi, which can read nothing else; docs/bi.md tells every column';
GRANT USAGE ON SCHEMA bi_v1 TO baize_bi;
GRANT USAGE, CREATE ON SCHEMA bi_v1 TO baize_views;
