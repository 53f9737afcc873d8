-- The event log, the results of commands, snapshots and checkpoints.

-- Seven columns are those of postgres-es 0.5, so that its repository reads every stream. `json`, not `jsonb`:
-- the text stays as it was appended, and is published byte for byte.
CREATE TABLE events (
    aggregate_type text        COLLATE "C" NOT NULL,
    aggregate_id   text        COLLATE "C" NOT NULL,
    sequence       bigint      NOT NULL,
    event_type     text        NOT NULL,
    event_version  text        NOT NULL,
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    position       bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (aggregate_id, aggregate_type, sequence)
);
CREATE UNIQUE INDEX events_position ON events (position);
CREATE INDEX events_recorded_at ON events USING brin (recorded_at);
COMMENT ON COLUMN events.position IS 'place in the whole log: 1, 2, 3 … in commit order, without gaps';

CREATE TABLE command_results (
    scope        text        COLLATE "C" NOT NULL,
    request_id   uuid        NOT NULL,
    content_hash bytea       NOT NULL,
    response     bytea       NOT NULL,
    position     bigint      NOT NULL,
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (request_id, scope)
);
COMMENT ON TABLE command_results IS 'what each request was answered, written in the statement that wrote its events';

-- Never the truth: any row may be deleted. `format` names the shape of the state; code of another shape ignores it.
CREATE TABLE snapshots (
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    format         text        NOT NULL,
    last_sequence  bigint      NOT NULL,
    payload        json        NOT NULL,
    taken_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (aggregate_type, aggregate_id, format)
);

CREATE TABLE checkpoints (
    name     text        PRIMARY KEY,
    position bigint      NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);

-- What was written stays written, also for the owner and for sessions that switch ordinary triggers off.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what was recorded is never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON command_results
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE command_results ENABLE ALWAYS TRIGGER append_only;

-- Appends units, each all or none, in the order given; one call is one transaction.
--
-- Units (u_*, one element a unit): request, content hash, response, and how many events it and all before it have.
-- Claims (c_*): a stream that a unit was decided on, the version it had, and whether the unit creates it (version 0,
--   with events). No two units of one call may write the same stream or have the same request: the caller sees to
--   that, the unique keys insist.
-- Events (e_*): in unit order.
--
-- Result: `head` is the log's last position before this call. `outcome` is NULL if every unit was accepted: then
-- positions are head + 1, head + 2, … in order. Else one element a unit in each array:
--   outcome   0 accepted, 1 executed before with this content, 2 executed before with other content, 3 conflict
--   at        position of the unit's last event (the head if it has none), now or when it was executed before
--   answer    the stored response, if it was executed before
--   claim     the number of the first claim that did not hold, if conflict
--
-- The lock makes one call at a time read the head and write behind it, and is held until the commit is visible:
-- positions are dense and in commit order with any number of callers. Statements after it see a fresh snapshot
-- (READ COMMITTED, VOLATILE), hence everything committed before.
--
-- That created streams are new and requests not executed before is left to the unique keys: such a call fails with
-- `unique_violation`, and is to be repeated with `careful`, which finds out who is refused. (To catch the violation here
-- would cost every call a subtransaction.)
--
-- Written for speed: `unnest` side by side in a select list needs no intermediate store, as it would in FROM, and for one
-- row VALUES needs no set; `ORDER BY … LIMIT 1` is read off the index even while the planner believes the table empty,
-- unlike `max`.
CREATE FUNCTION append_units(
    u_scope text[], u_request uuid[], u_hash bytea[], u_response bytea[], u_last int[],
    c_unit int[], c_type text[], c_id text[], c_expected bigint[], c_creates bool[],
    e_unit int[], e_type text[], e_id text[], e_sequence bigint[],
    e_event_type text[], e_event_version text[], e_payload json[], e_metadata json[], careful bool,
    OUT head bigint, OUT recorded_at timestamptz,
    OUT outcome int[], OUT at bigint[], OUT answer bytea[], OUT claim int[]
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    claims_hold boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7019267256482427);
    recorded_at := clock_timestamp();

    SELECT coalesce((SELECT e.position FROM events e ORDER BY e.position DESC LIMIT 1), 0),
           NOT EXISTS (
               SELECT FROM (SELECT unnest(c_type) AS type, unnest(c_id) AS id,
                                   unnest(c_expected) AS expected, unnest(c_creates) AS creates) c
                WHERE NOT c.creates AND c.expected <> coalesce((
                   SELECT e.sequence FROM events e WHERE e.aggregate_type = c.type AND e.aggregate_id = c.id
                    ORDER BY e.sequence DESC LIMIT 1), 0))
      INTO head, claims_hold;

    -- As a rule nobody is refused.
    IF claims_hold AND NOT careful THEN
        IF cardinality(e_unit) = 1 THEN
            INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                                position, recorded_at)
            VALUES (e_type[1], e_id[1], e_sequence[1], e_event_type[1], e_event_version[1], e_payload[1], e_metadata[1],
                    append_units.head + 1, append_units.recorded_at);
        ELSE
            INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                                position, recorded_at)
            SELECT unnest(e_type), unnest(e_id), unnest(e_sequence), unnest(e_event_type), unnest(e_event_version),
                   unnest(e_payload), unnest(e_metadata),
                   generate_series(append_units.head + 1, append_units.head + cardinality(e_unit)), append_units.recorded_at;
        END IF;
        IF cardinality(u_request) = 1 THEN
            INSERT INTO command_results (scope, request_id, content_hash, response, position, recorded_at)
            VALUES (u_scope[1], u_request[1], u_hash[1], u_response[1], append_units.head + u_last[1], append_units.recorded_at);
        ELSE
            INSERT INTO command_results (scope, request_id, content_hash, response, position, recorded_at)
            SELECT unnest(u_scope), unnest(u_request), unnest(u_hash), unnest(u_response),
                   append_units.head + unnest(u_last), append_units.recorded_at;
        END IF;
        RETURN;
    END IF;

    -- Somebody is refused. Find out who, and number the others around them.
    SELECT array_agg(d.outcome ORDER BY d.unit), array_agg(d.at ORDER BY d.unit),
           array_agg(d.answer ORDER BY d.unit), array_agg(d.claim ORDER BY d.unit)
      INTO outcome, at, answer, claim
      FROM (
        SELECT c.unit, c.outcome, c.answer, c.claim,
               coalesce(c.executed_at, append_units.head
                   + sum(CASE c.outcome WHEN 0 THEN c.events ELSE 0 END) OVER (ORDER BY c.unit))::bigint AS at
          FROM (
            SELECT u.unit, u.last - lag(u.last, 1, 0) OVER (ORDER BY u.unit) AS events, r.position AS executed_at,
                   CASE WHEN r.content_hash = u.hash THEN 1
                        WHEN r.content_hash IS NOT NULL THEN 2
                        WHEN broken.claim IS NOT NULL THEN 3
                        ELSE 0 END AS outcome,
                   CASE WHEN r.content_hash = u.hash THEN r.response END AS answer,
                   broken.claim
              FROM unnest(u_scope, u_request, u_hash, u_last)
                   WITH ORDINALITY AS u (scope, request, hash, last, unit)
              LEFT JOIN LATERAL (
                SELECT r.* FROM command_results r WHERE r.scope = u.scope AND r.request_id = u.request LIMIT 1
              ) r ON true
              LEFT JOIN (
                SELECT c.unit, min(c.claim)::int AS claim
                  FROM unnest(c_unit, c_type, c_id, c_expected) WITH ORDINALITY AS c (unit, type, id, expected, claim)
                 WHERE c.expected <> coalesce((
                    SELECT e.sequence FROM events e WHERE e.aggregate_type = c.type AND e.aggregate_id = c.id
                     ORDER BY e.sequence DESC LIMIT 1), 0)
                 GROUP BY c.unit
              ) broken ON broken.unit = u.unit
          ) c
      ) d;

    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position, recorded_at)
    SELECT e.type, e.id, e.sequence, e.event_type, e.event_version, e.payload, e.metadata,
           append_units.head + row_number() OVER (ORDER BY e.n), append_units.recorded_at
      FROM unnest(e_unit, e_type, e_id, e_sequence, e_event_type, e_event_version, e_payload, e_metadata)
           WITH ORDINALITY AS e (unit, type, id, sequence, event_type, event_version, payload, metadata, n)
     WHERE append_units.outcome[e.unit] = 0;
    INSERT INTO command_results (scope, request_id, content_hash, response, position, recorded_at)
    SELECT u.scope, u.request, u.hash, u.response, append_units.at[u.n], append_units.recorded_at
      FROM unnest(u_scope, u_request, u_hash, u_response) WITH ORDINALITY AS u (scope, request, hash, response, n)
     WHERE append_units.outcome[u.n] = 0;
END
$$;

-- Services read and append. Whatever else they need, later migrations grant.
REVOKE ALL ON events, command_results, snapshots, checkpoints FROM PUBLIC;
REVOKE ALL ON FUNCTION append_units FROM PUBLIC;
GRANT SELECT, INSERT ON events, command_results TO baize_app;
GRANT SELECT, INSERT, UPDATE ON snapshots, checkpoints TO baize_app;
GRANT EXECUTE ON FUNCTION append_units TO baize_app;
GRANT USAGE ON SCHEMA public TO baize_app;
