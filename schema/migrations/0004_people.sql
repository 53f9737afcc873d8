-- What is known of people beside the log: the keys of their data, codes sent to their phones, and their logins.

-- One key a person, wrapped by a key that is not in the database. A person is erased by destroying the key: what was
-- sealed with it stays in the log, and in every copy of the log, and can never be read again.
CREATE TABLE person_keys (
    person       uuid        PRIMARY KEY,
    wrapped      bytea,
    created_at   timestamptz NOT NULL,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- The newest code of each phone number. Neither numbers nor codes are here, only keyed hashes of them.
CREATE TABLE phone_codes (
    phone        uuid        PRIMARY KEY,
    code         bytea       NOT NULL,
    expires_at   timestamptz NOT NULL,
    wrong        int         NOT NULL DEFAULT 0,
    used         boolean     NOT NULL DEFAULT false,
    locked_until timestamptz,
    proved_by    uuid,
    proved_until timestamptz
);
COMMENT ON COLUMN phone_codes.proved_by IS 'who entered the right code; until proved_until that person need not enter another';

-- What the limits are counted on; rows older than a day are deleted as new ones come.
CREATE TABLE phone_code_sends (
    phone uuid        NOT NULL,
    peer  uuid        NOT NULL,
    at    timestamptz NOT NULL
);
CREATE INDEX phone_code_sends_phone ON phone_code_sends (phone, at);
CREATE INDEX phone_code_sends_peer ON phone_code_sends (peer, at);
CREATE INDEX phone_code_sends_at ON phone_code_sends (at);

-- A login, from which refresh tokens descend, each from the one before. One that is shown twice was stolen from
-- somebody: the whole family is revoked.
CREATE TABLE refresh_families (
    family     uuid        PRIMARY KEY,
    member     uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX refresh_families_member ON refresh_families (member);
CREATE TABLE refresh_tokens (
    token      bytea       PRIMARY KEY,
    family     uuid        NOT NULL REFERENCES refresh_families,
    expires_at timestamptz NOT NULL,
    rotated_at timestamptz
);
COMMENT ON COLUMN refresh_tokens.token IS 'SHA-256 of the token';

REVOKE ALL ON person_keys, phone_codes, phone_code_sends, refresh_families, refresh_tokens FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON person_keys, refresh_families, refresh_tokens TO baize_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON phone_codes, phone_code_sends TO baize_app;
