//! The views for analysts as a document: `docs/bi.md`.

use std::fmt::Write as _;

use super::BI_VIEWS;

/// Every view and every column, as Markdown.
pub fn bi_document() -> String {
    let mut text = String::from(HEAD);
    for bi in BI_VIEWS {
        let _infallible = write!(
            text,
            "\n## {}\n\n{}\n\n| Column | |\n|---|---|\n",
            bi.name,
            sentence(bi.about)
        );
        for column in bi.columns {
            let _infallible = writeln!(text, "| `{}` | {} |", column.name, column.about);
        }
    }
    text
}

fn sentence(about: &str) -> String {
    let mut chars = about.chars();
    let first = chars
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

const HEAD: &str = "\
# For analysts: the schema `bi_v1`

SQL views of what the halls do, under names and columns that stay: a change that would break a query becomes `bi_v2` beside it. They
read the views of the log as they are at the moment, so they are as up to date as the wall screen, also while a view is rebuilt.

```sql
CREATE ROLE analyst LOGIN PASSWORD '…' IN ROLE baize_bi;  -- can read these views and nothing else
SELECT business_date, sum(total_fen) / 100.0 AS yuan FROM bi_v1.sessions GROUP BY 1 ORDER BY 1;
```

Give analysts a `statement_timeout` of some minutes (`ALTER ROLE analyst SET statement_timeout = '5min'`): a rebuild cannot replace tables
that a query still reads, gives up after two seconds, and has to be run again. Amounts are whole fen, instants UTC; `business_date` is the business day of the hall, by its own zone and
cut-off. Who a member is stands nowhere: ids alone. The same words are in the database (`\\d+ bi_v1.sessions`). A test keeps this page true.
";
