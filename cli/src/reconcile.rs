//! `baize reconcile`: one day of a provider's bill against our books, now.

use anyhow::Context as _;
use baize_command_api::Options;
use baize_domain::Fen;
use baize_domain::payment::Channel;
use baize_domain::reconciliation::{DifferenceKind, Known, Reconciliation, RowKind};
use clap::ValueEnum;
use comfy_table::{Table, presets};
use jiff::civil::Date;

use crate::infrastructure::Infrastructure;
use crate::serve::payments;
use crate::settings::Settings;

/// Differences that are printed; the rest is counted.
const PRINTED_MAX: usize = 200;

/// Arguments of `baize reconcile`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose bill
    #[arg(value_enum)]
    channel: Named,
    /// Of which day, Beijing's, as 2026-11-20; providers keep bills for three months
    date: Date,
    /// The language of the result
    #[arg(long, value_enum, default_value_t = Language::En)]
    language: Language,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Named {
    WechatPay,
    Alipay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    Zh,
    En,
}

impl Args {
    /// Compares the day and prints what was found; false if something is left open.
    ///
    /// # Errors
    /// The database is away, the provider is not set up, or there is no bill.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<bool> {
        let infrastructure = Infrastructure::database_only(settings, false).await?;
        let reconciled = async {
            let mut options = Options::new(&infrastructure.database_url);
            options.clock = settings.clock()?;
            options.payments = payments::options(settings)?;
            let channel = match self.channel {
                Named::WechatPay => Channel::WechatPay,
                Named::Alipay => Channel::Alipay,
            };
            let reconciled = baize_command_api::reconcile(&options, channel, self.date).await;
            reconciled.with_context(|| format!("{} of {}", channel.code(), self.date))
        };
        let reconciled = reconciled.await;
        infrastructure.stop().await;
        let reconciled = reconciled?;
        print!("{}", self.language.told(&reconciled));
        Ok(reconciled.open() == 0)
    }
}

impl Language {
    fn told(self, state: &Reconciliation) -> String {
        let Some(compared) = &state.compared else {
            return String::new();
        };
        let mut sums = table(&[
            self.text("", ""),
            self.text("笔数", "rows"),
            self.text("金额（元）", "amount (yuan)"),
        ]);
        let lines = [
            (self.text("账单", "bill"), compared.bill),
            (self.text("本方账目", "our books"), compared.book),
            (self.text("一致", "the same"), compared.matched),
        ];
        for (name, line) in lines {
            sums.add_row([name.to_owned(), line.rows.to_string(), line.amount.to_string()]);
        }
        let fees = format!("{} / {}", compared.fees.billed, compared.fees.expected);
        sums.add_row([self.text("手续费 账单/应收", "fees billed/expected"), "", &fees]);
        let open: Vec<_> = state
            .differences
            .iter()
            .filter(|(_, known)| known.status.is_open())
            .collect();
        let mut told = format!("{sums}\n");
        if open.is_empty() {
            told += self.text("没有未处理的差异。\n", "No difference is open.\n");
            return told;
        }
        let mut differences = table(&[
            self.text("差异", "difference"),
            self.text("类型", "kind"),
            self.text("收/退", "row"),
            self.text("单号", "number"),
            self.text("本方（元）", "ours (yuan)"),
            self.text("账单（元）", "theirs (yuan)"),
        ]);
        for (number, known) in open.iter().take(PRINTED_MAX) {
            differences.add_row(self.row(**number, known));
        }
        let count = open.len();
        told += &match self {
            Self::Zh => format!("{differences}\n未处理的差异：{count}\n"),
            Self::En => format!("{differences}\nOpen differences: {count}\n"),
        };
        told
    }

    fn row(self, number: u32, known: &Known) -> [String; 6] {
        let found = &known.difference;
        let kind = match found.kind {
            DifferenceKind::MissingHere => self.text("本方缺失", "missing here"),
            DifferenceKind::MissingThere => self.text("账单缺失", "missing there"),
            DifferenceKind::AmountDiffers => self.text("金额不符", "amount differs"),
            DifferenceKind::StateDiffers => self.text("状态不符", "state differs"),
            DifferenceKind::FeeDiffers => self.text("手续费不符", "fee differs"),
        };
        let row = match found.row.kind {
            RowKind::Payment => self.text("收款", "payment"),
            RowKind::Refund => self.text("退款", "refund"),
        };
        let money = |amount: Option<Fen>| amount.map_or_else(|| "–".to_owned(), |fen| fen.to_string());
        [
            number.to_string(),
            kind.to_owned(),
            row.to_owned(),
            found.row.number.clone(),
            money(found.ours),
            money(found.theirs),
        ]
    }

    const fn text(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_header(header);
    table
}

#[cfg(test)]
mod tests {
    use baize_domain::reconciliation::{BillLine, BookLine, FeeRate, Standing, compare, decide};
    use jiff::Timestamp;
    use jiff::civil::date;
    use rust_decimal::Decimal;

    use super::*;

    fn reconciled(bill: &[BillLine]) -> Reconciliation {
        let ours = BookLine {
            kind: RowKind::Payment,
            number: "ours".to_owned(),
            amount: Fen(8_888),
            standing: Standing::Done,
            due: true,
        };
        let found = compare("0".to_owned(), bill, &[ours], FeeRate(Decimal::new(6, 3)));
        let mut state = Reconciliation::default();
        let (day, at) = (date(2026, 11, 20), Timestamp::UNIX_EPOCH);
        for event in decide::record(&state.clone(), Channel::Alipay, day, found, at).unwrap() {
            state.evolve(&event);
        }
        state
    }

    #[test]
    fn the_result_names_each_difference_in_either_language() {
        let state = reconciled(&[]);
        let (zh, en) = (Language::Zh.told(&state), Language::En.told(&state));
        assert!(zh.contains("账单缺失") && zh.contains("未处理的差异：1"), "{zh}");
        assert!(
            en.contains("missing there") && en.contains("Open differences: 1"),
            "{en}"
        );
        assert!(en.contains("ours"), "{en}");
    }

    #[test]
    fn a_day_without_differences_says_so() {
        let line = BillLine {
            kind: RowKind::Payment,
            number: "ours".to_owned(),
            transaction_id: String::new(),
            amount: Fen(8_888),
            fee: Fen(53),
            standing: Standing::Done,
        };
        assert!(
            Language::En
                .told(&reconciled(&[line]))
                .contains("No difference is open")
        );
    }
}
