-- Process managers: their states, their timers, and the effects they still owe.

-- Instances that are under way; one that ended has no row.
CREATE TABLE process_instances (
    process  text NOT NULL,
    instance uuid NOT NULL,
    state    json NOT NULL,
    PRIMARY KEY (process, instance)
) WITH (fillfactor = 80);

CREATE TABLE process_timers (
    process  text        NOT NULL,
    instance uuid        NOT NULL,
    name     text        NOT NULL,
    due      timestamptz NOT NULL,
    PRIMARY KEY (process, instance, name)
);
CREATE INDEX process_timers_due ON process_timers (due);
COMMENT ON COLUMN process_timers.due IS 'by the clock of the services, which may run faster than the database''s';

-- Commands that are to be executed, or whose answer the process has not taken in. Executing one again under its
-- request id gives the first answer, so a row that outlives a crash does no harm.
CREATE TABLE process_effects (
    request_id uuid   PRIMARY KEY,
    number     bigint GENERATED ALWAYS AS IDENTITY,
    process    text   NOT NULL,
    instance   uuid   NOT NULL,
    step       text   NOT NULL,
    cause      text   NOT NULL,
    command    json   NOT NULL
);
COMMENT ON COLUMN process_effects.cause IS 'what the process reacted to: event:POSITION, timer:NAME:DUE or answer:REQUEST_ID';

-- Rows here are many and short-lived: left to the defaults, the dead would soon outnumber the living.
ALTER TABLE process_instances SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
ALTER TABLE process_timers    SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
ALTER TABLE process_effects   SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);

-- How far the runner has come, and whose turn it is. Each new leader begins a term; what a deposed one still
-- tries to write is refused.
CREATE TABLE process_runner (
    only_row boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    term     bigint      NOT NULL,
    position bigint      NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO process_runner (term, position) VALUES (0, 0);

-- Stores the outcome of one batch of inputs, all of it or nothing: s_* states to store, o_* instances that are
-- over, t_* timers to set, c_* timers to clear, e_* effects to owe, d_* effects whose answers were taken in.
-- The checkpoint moves from p_from to p_to. False, and nothing stored, if the term is over or the checkpoint is
-- elsewhere.
CREATE FUNCTION commit_processes(
    p_term bigint, p_from bigint, p_to bigint,
    s_process text[], s_instance uuid[], s_state text[],
    o_process text[], o_instance uuid[],
    t_process text[], t_instance uuid[], t_name text[], t_due timestamptz[],
    c_process text[], c_instance uuid[], c_name text[],
    e_request uuid[], e_process text[], e_instance uuid[], e_step text[], e_cause text[], e_command text[],
    d_request uuid[]
) RETURNS boolean LANGUAGE plpgsql VOLATILE
-- A plan made while a table was empty may be kept while it grows: only ever use the keys.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    UPDATE process_runner SET position = p_to, moved_at = clock_timestamp() WHERE term = p_term AND position = p_from;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF cardinality(s_process) > 0 THEN
        INSERT INTO process_instances (process, instance, state)
        SELECT s.process, s.instance, s.state::json FROM unnest(s_process, s_instance, s_state) AS s (process, instance, state)
        ON CONFLICT (process, instance) DO UPDATE SET state = excluded.state;
    END IF;
    IF cardinality(o_process) > 0 THEN
        DELETE FROM process_instances i USING unnest(o_process, o_instance) AS o (process, instance)
         WHERE i.process = o.process AND i.instance = o.instance;
    END IF;
    IF cardinality(c_process) > 0 THEN
        DELETE FROM process_timers t USING unnest(c_process, c_instance, c_name) AS c (process, instance, name)
         WHERE t.process = c.process AND t.instance = c.instance AND t.name = c.name;
    END IF;
    IF cardinality(t_process) > 0 THEN
        INSERT INTO process_timers (process, instance, name, due)
        SELECT t.process, t.instance, t.name, t.due FROM unnest(t_process, t_instance, t_name, t_due) AS t (process, instance, name, due)
        ON CONFLICT (process, instance, name) DO UPDATE SET due = excluded.due;
    END IF;
    IF cardinality(d_request) > 0 THEN
        DELETE FROM process_effects WHERE request_id = ANY (d_request);
    END IF;
    IF cardinality(e_request) > 0 THEN
        INSERT INTO process_effects (request_id, process, instance, step, cause, command)
        SELECT e.request, e.process, e.instance, e.step, e.cause, e.command::json
          FROM unnest(e_request, e_process, e_instance, e_step, e_cause, e_command) WITH ORDINALITY
               AS e (request, process, instance, step, cause, command, n)
         ORDER BY e.n
        ON CONFLICT (request_id) DO NOTHING;
    END IF;
    RETURN true;
END
$$;

-- The instances that exist among those asked for, each with its timers; `n` counts the question from 1.
CREATE FUNCTION load_processes(p_process text[], p_instance uuid[])
RETURNS TABLE (n bigint, state text, names text[], dues timestamptz[]) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    RETURN QUERY
    SELECT k.n, i.state::text,
           ARRAY(SELECT t.name FROM process_timers t WHERE t.process = i.process AND t.instance = i.instance ORDER BY t.name COLLATE "C"),
           ARRAY(SELECT t.due  FROM process_timers t WHERE t.process = i.process AND t.instance = i.instance ORDER BY t.name COLLATE "C")
      FROM unnest(p_process, p_instance) WITH ORDINALITY AS k (process, instance, n)
      JOIN process_instances i ON i.process = k.process AND i.instance = k.instance;
END
$$;

REVOKE ALL ON process_instances, process_timers, process_effects, process_runner FROM PUBLIC;
REVOKE ALL ON FUNCTION commit_processes, load_processes FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON process_instances, process_timers, process_effects TO baize_app;
GRANT SELECT, UPDATE ON process_runner TO baize_app;
GRANT EXECUTE ON FUNCTION commit_processes, load_processes TO baize_app;
