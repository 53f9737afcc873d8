-- Roles are shared by the whole cluster: several databases may be migrated at the same time, so losing the race is fine.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'baize_app') THEN
        CREATE ROLE baize_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;

-- Whoever migrates may also serve: an owner that is no superuser must be a member to take the role.
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'baize_app', 'MEMBER') THEN
        EXECUTE format('GRANT baize_app TO %I', current_user);
    END IF;
EXCEPTION WHEN unique_violation OR SQLSTATE 'XX000' THEN
    NULL; -- "tuple concurrently updated": another migration granted it
END
$$;
