//! `baize rebuild`: a view made anew from the log beside the live one, compared with it, and switched.

use baize_projections::{Database, RebuildOptions, Rebuilt};

use crate::infrastructure::Infrastructure;
use crate::progress::Shown;
use crate::settings::Settings;

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The view, or `all`
    #[arg(value_parser = views())]
    view: String,
    /// Switch even if the new view differs from the live one, as after a release that reads events differently
    #[arg(long)]
    accept_difference: bool,
}

/// The names of all views, and `all`.
pub fn views() -> clap::builder::PossibleValuesParser {
    baize_projections::VIEWS
        .iter()
        .copied()
        .chain(["all"])
        .collect::<Vec<_>>()
        .into()
}

/// The views that a name stands for.
pub fn named(name: &str) -> Vec<&'static str> {
    baize_projections::VIEWS
        .iter()
        .copied()
        .filter(|view| name == "all" || *view == name)
        .collect()
}

impl Args {
    /// Rebuilds; false if a difference kept the old view in place.
    ///
    /// # Errors
    /// The database is away, or the log cannot be read.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<bool> {
        let infrastructure = Infrastructure::database_only(settings, false).await?;
        let rebuilt = self.rebuild(&infrastructure.database_url).await;
        infrastructure.stop().await;
        rebuilt
    }

    async fn rebuild(&self, database_url: &str) -> anyhow::Result<bool> {
        let database = Database::new(database_url)?;
        let options = RebuildOptions {
            accept_difference: self.accept_difference,
        };
        let mut all_switched = true;
        for view in named(&self.view) {
            let mut shown = Shown::new(view);
            let rebuilt = baize_projections::rebuild(&database, view, options, |progress| shown.show(progress)).await;
            shown.finish();
            let rebuilt = rebuilt?;
            all_switched &= rebuilt.switched;
            tell(&rebuilt);
        }
        Ok(all_switched)
    }
}

fn tell(rebuilt: &Rebuilt) {
    let Rebuilt {
        view,
        generation,
        position,
        switched,
        comparison,
        elapsed,
    } = rebuilt;
    if let Some(comparison) = comparison.as_ref().filter(|comparison| !comparison.is_equal()) {
        println!("{comparison}");
    }
    if *switched {
        println!(
            "view {view}: generation {generation} is live at position {position}, after {:.1} s",
            elapsed.as_secs_f64()
        );
    } else {
        println!(
            "view {view}: the old one stays live, since the new one differs; --accept-difference switches all the same"
        );
    }
}
