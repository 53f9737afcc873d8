-- Upkeep: answers that nobody will ask for again may go, and what somebody has to look at is written where it is seen.

-- A request that is repeated gets its first answer for as long as that is kept. Only old answers may go, and only through
-- forget_results(); the events that they tell of stay for ever.
CREATE FUNCTION refuse_change_of_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('baize.forgetting', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: what was recorded is never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
-- Whoever gets around that one meets this: a request may still be repeated within a day of its answer.
CREATE FUNCTION refuse_forgetting_early() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.recorded_at > now() - interval '1 day' THEN
        RAISE EXCEPTION 'the answer to request % is too young to be forgotten', OLD.request_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END
$$;
DROP TRIGGER append_only ON command_results;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON command_results
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_results();
CREATE TRIGGER young BEFORE DELETE ON command_results
    FOR EACH ROW EXECUTE FUNCTION refuse_forgetting_early();
ALTER TABLE command_results ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE command_results ENABLE ALWAYS TRIGGER young;

-- Answers come in the order of time, so this small index finds the old ones.
CREATE INDEX command_results_recorded_at ON command_results USING brin (recorded_at);

-- Forgets at most p_max answers older than p_keep, which is a day at least; says how many went. Runs with its owner's rights: services may
-- call it and may delete nothing themselves.
CREATE FUNCTION forget_results(p_keep interval, p_max integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    gone bigint;
BEGIN
    IF p_keep < interval '1 day' THEN
        RAISE EXCEPTION 'answers are kept for a day at least, not %', p_keep USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- For this statement only. Not a SET of the function: that takes a superuser.
    PERFORM set_config('baize.forgetting', 'on', true);
    DELETE FROM command_results WHERE ctid = ANY (ARRAY(
        SELECT r.ctid FROM command_results r WHERE r.recorded_at < now() - p_keep LIMIT p_max));
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('baize.forgetting', '', true);
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION forget_results FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_results TO baize_app;

ALTER TABLE process_runner ADD COLUMN failure text;
COMMENT ON COLUMN process_runner.failure IS 'why the runner has stopped, until one begins anew';
