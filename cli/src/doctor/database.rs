//! The database: reachable, with its roles, migrated; and how far the readers of the log have come.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, Row as _};

use super::Finding;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A reader that is further behind than this is told of.
const LAG_EVENTS: i64 = 1_000;

pub(super) async fn findings(url: &str) -> Vec<Finding> {
    let connected = tokio::time::timeout(CONNECT_WITHIN, PgConnection::connect(url)).await;
    let mut connection = match connected {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            return vec![Finding::fail(
                "database",
                error.to_string(),
                "Start it, or correct database_url.",
            )];
        }
        Err(_) => {
            return vec![Finding::fail(
                "database",
                "no answer",
                "Start it, or correct database_url.",
            )];
        }
    };
    let mut findings = Vec::new();
    // Each looks at what the one before has found to be there.
    for look in [Look::Version, Look::Migrations, Look::Roles, Look::Readers] {
        match look.at(&mut connection).await {
            Ok(found) => {
                let go_on = found.iter().all(|finding| finding.level < super::Level::Fail);
                findings.extend(found);
                if !go_on {
                    break;
                }
            }
            Err(error) => {
                findings.push(Finding::fail("database", error.to_string(), "See the database's log."));
                break;
            }
        }
    }
    findings
}

enum Look {
    Version,
    Migrations,
    Roles,
    Readers,
}

impl Look {
    async fn at(&self, connection: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
        match self {
            Self::Version => version(connection).await,
            Self::Migrations => migrations(connection).await,
            Self::Roles => roles(connection).await,
            Self::Readers => readers(connection).await,
        }
    }
}

async fn version(connection: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let number: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(&mut *connection)
        .await?;
    let shown: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(&mut *connection)
        .await?;
    let mut findings = vec![match number {
        150_000.. => Finding::ok("database", format!("PostgreSQL {shown}")),
        _ => Finding::fail(
            "database",
            format!("PostgreSQL {shown} is too old"),
            "Move to PostgreSQL 15 or later.",
        ),
    }];
    for (setting, loss) in [
        ("fsync", "a crash of the machine may destroy the database"),
        ("full_page_writes", "a crash of the machine may destroy the database"),
        ("synchronous_commit", "a crash may lose what was acknowledged"),
    ] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut *connection)
            .await?;
        if value == "off" {
            findings.push(Finding::warn(
                "durability",
                format!("{setting} is off: {loss}"),
                format!("Set {setting} to on."),
            ));
        }
    }
    Ok(findings)
}

async fn migrations(connection: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let known: Option<String> = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations')::text")
        .fetch_one(&mut *connection)
        .await?;
    let mut applied = BTreeMap::new();
    if known.is_some() {
        let rows = sqlx::query("SELECT version, success, checksum FROM _sqlx_migrations")
            .fetch_all(&mut *connection)
            .await?;
        for row in rows {
            applied.insert(
                row.try_get::<i64, _>(0)?,
                (row.try_get::<bool, _>(1)?, row.try_get::<Vec<u8>, _>(2)?),
            );
        }
    }
    let mut missing = Vec::new();
    for migration in baize_schema::MIGRATOR.iter() {
        match applied.remove(&migration.version) {
            None => missing.push(migration.version.to_string()),
            Some((false, _)) => {
                return Ok(vec![Finding::fail(
                    "migrations",
                    format!("{} was begun and not completed", migration.version),
                    "See what stopped it, then run `baize migrate`.",
                )]);
            }
            Some((true, checksum)) if checksum != *migration.checksum => {
                let found = format!("{} was applied with other content", migration.version);
                return Ok(vec![Finding::fail(
                    "migrations",
                    found,
                    "This program and the database are of different origin: use the program that made it.",
                )]);
            }
            Some(_) => {}
        }
    }
    if !missing.is_empty() {
        return Ok(vec![Finding::fail(
            "migrations",
            format!("not applied: {}", missing.join(", ")),
            "Run `baize migrate`.",
        )]);
    }
    let count = baize_schema::MIGRATOR.iter().count();
    if let Some((newer, _)) = applied.pop_last() {
        return Ok(vec![Finding::warn(
            "migrations",
            format!("{newer} is not known to this program"),
            "The database is newer: update the program.",
        )]);
    }
    Ok(vec![Finding::ok("migrations", format!("all {count} are applied"))])
}

/// What the service roles may do to the log, and that even its owner is kept from changing it.
async fn roles(connection: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (role, may_insert) in [(baize_schema::APP_ROLE, true), (baize_projections::ROLE, false)] {
        let sql = "SELECT pg_has_role(current_user, $1, 'MEMBER'),
                          has_table_privilege($1, 'events', 'SELECT'), has_table_privilege($1, 'events', 'INSERT'),
                          has_table_privilege($1, 'events', 'UPDATE') OR has_table_privilege($1, 'events', 'DELETE')
                          OR has_table_privilege($1, 'events', 'TRUNCATE')";
        let row = sqlx::query(sql).bind(role).fetch_one(&mut *connection).await?;
        let (member, select, insert, change): (bool, bool, bool, bool) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        findings.push(match (member, select, insert == may_insert, change) {
            (true, true, true, false) => Finding::ok(
                "role",
                format!(
                    "{role} may {}",
                    if may_insert {
                        "read and append events"
                    } else {
                        "read events"
                    }
                ),
            ),
            (false, ..) => Finding::fail(
                "role",
                format!("this login is no member of {role}"),
                format!("GRANT {role} TO the login of the services."),
            ),
            _ => Finding::fail(
                "role",
                format!("{role}: reads events {select}, appends {insert}, changes {change}"),
                "Grants were changed by hand: restore those of the migrations.",
            ),
        });
    }
    let sql = "SELECT count(*) FROM pg_trigger WHERE tgname = 'append_only' AND tgenabled = 'A'
               AND tgrelid IN ('events'::regclass, 'command_results'::regclass)";
    let triggers: i64 = sqlx::query_scalar(sql).fetch_one(&mut *connection).await?;
    findings.push(match triggers {
        2 => Finding::ok(
            "append only",
            "changes of events and results are refused, also to the owner",
        ),
        _ => Finding::fail(
            "append only",
            "a trigger that refuses changes is missing or switched off",
            "Restore the triggers append_only of the migrations.",
        ),
    });
    Ok(findings)
}

async fn readers(connection: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let head: i64 = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events")
        .fetch_one(&mut *connection)
        .await?;
    let mut findings = vec![
        Finding::ok("log", format!("{head} events")),
        processes(connection, head).await?,
    ];
    let live = sqlx::query("SELECT view, position FROM views.generations WHERE status = 'live' ORDER BY view")
        .fetch_all(&mut *connection)
        .await?;
    if live.is_empty() {
        findings.push(Finding::warn(
            "view",
            "none has been built yet",
            "They are built when the projections service first runs.",
        ));
    }
    for row in live {
        findings.push(lag("view", &row.try_get::<String, _>(0)?, row.try_get(1)?, head));
    }
    Ok(findings)
}

/// How far the process runner is, or why it has stopped.
async fn processes(connection: &mut PgConnection, head: i64) -> sqlx::Result<Finding> {
    let runner = sqlx::query("SELECT position, failure FROM process_runner")
        .fetch_one(&mut *connection)
        .await?;
    let failure: Option<String> = runner.try_get(1)?;
    Ok(match failure {
        Some(why) => Finding::fail(
            "processes",
            format!("the process runner has stopped: {why}"),
            "Nothing times out, closes or is settled by itself until it goes on: docs/runbook/process-runner-stopped.md.",
        ),
        None => lag("processes", "the process runner", runner.try_get(0)?, head),
    })
}

fn lag(subject: &'static str, who: &str, position: i64, head: i64) -> Finding {
    match head - position {
        behind if behind < 0 => Finding::fail(
            subject,
            format!("{who} is at {position}, the log ends at {head}"),
            "The log has lost its end, or the view is of another log: stop the services and find out which.",
        ),
        behind if behind > LAG_EVENTS => Finding::warn(
            subject,
            format!("{who} is {behind} events behind"),
            "Is its service running? See its log.",
        ),
        behind => Finding::ok(subject, format!("{who} is at {position}, {behind} behind")),
    }
}
