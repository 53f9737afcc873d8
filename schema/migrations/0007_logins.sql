-- Logins that are over are deleted by the services, a few at a time.

CREATE INDEX refresh_tokens_expires_at ON refresh_tokens (expires_at);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_families_revoked_at ON refresh_families (revoked_at) WHERE revoked_at IS NOT NULL;
GRANT DELETE ON refresh_families, refresh_tokens TO baize_app;
