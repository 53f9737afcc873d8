//! A report as a workbook: every figure in a cell of its own, amounts in yuan.

use anyhow::Context as _;
use rust_xlsxwriter::{Format, Workbook, Worksheet};

use super::figures::Report;
use super::letter::{Compared, Indicator};
use super::texts::{ReportTexts, named};
use crate::web::Language;

/// The file.
///
/// # Errors
/// It cannot be made.
pub(super) fn write(
    report: &Report,
    headline: &[Compared],
    indicators: &[Indicator],
    language: Language,
) -> anyhow::Result<Vec<u8>> {
    let t = ReportTexts::of(language);
    let mut book = Workbook::new();
    let mut sheet = Sheet::new(t.overview, &["", t.value, t.before, t.change])?;
    for line in headline {
        sheet.row(&[Text(line.name), Text(&line.now), Text(&line.before), Text(&line.change)])?;
    }
    for line in indicators {
        sheet.row(&[
            Text(line.name),
            Text(&line.now),
            Text(&line.before),
            Text(&line.target),
            Text(line.met),
        ])?;
    }
    book.push_worksheet(sheet.sheet);
    let mut sheet = Sheet::new(t.date, &[t.date, t.amount, t.sessions, t.taken])?;
    for day in &report.days {
        let date = day.date.to_string();
        sheet.row(&[
            Text(&date),
            Fen(day.revenue_fen),
            Number(day.sessions as f64),
            Number(day.taken_hours()),
        ])?;
    }
    book.push_worksheet(sheet.sheet);
    let mut sheet = Sheet::new(t.hour, &[t.hour, t.amount, t.sessions, t.taken])?;
    for (hour, of) in (0..).zip(&report.hours) {
        let hour = format!("{hour:02}:00");
        sheet.row(&[
            Text(&hour),
            Fen(of.revenue_fen),
            Number(of.sessions as f64),
            Number(of.taken_hours()),
        ])?;
    }
    book.push_worksheet(sheet.sheet);
    let mut sheet = Sheet::new(t.by_table, &[t.hall, t.table, t.sessions, t.amount])?;
    for table in &report.tables {
        let sessions = Number(table.sessions as f64);
        sheet.row(&[Text(&table.hall), Text(&table.label), sessions, Fen(table.revenue_fen)])?;
    }
    book.push_worksheet(sheet.sheet);
    let mut sheet = Sheet::new(t.by_line, &[t.item, "", t.count, t.amount])?;
    for line in &report.lines {
        let sort = named(language, &line.sort);
        sheet.row(&[
            Text(sort),
            Text(&line.name),
            Number(line.lines as f64),
            Fen(line.amount_fen),
        ])?;
    }
    book.push_worksheet(sheet.sheet);
    let mut sheet = Sheet::new(t.by_payment, &[t.item, t.principal, t.bonus])?;
    for paid in &report.paid {
        sheet.row(&[
            Text(named(language, &paid.kind)),
            Fen(paid.principal_fen),
            Fen(paid.bonus_fen),
        ])?;
    }
    book.push_worksheet(sheet.sheet);
    let mut sheet = Sheet::new(t.by_provider, &[t.item, t.count, t.amount])?;
    for provider in &report.providers {
        let name = named(language, &provider.channel);
        sheet.row(&[Text(name), Number(provider.payments as f64), Fen(provider.amount_fen)])?;
    }
    book.push_worksheet(sheet.sheet);
    let mut sheet = Sheet::new(t.by_level, &[t.level, t.players, t.new_players])?;
    for level in &report.levels {
        sheet.row(&[
            Text(&level.level),
            Number(level.players as f64),
            Number(level.new as f64),
        ])?;
    }
    book.push_worksheet(sheet.sheet);
    book.save_to_buffer().context("a workbook")
}

#[derive(Clone, Copy)]
enum Cell<'c> {
    Text(&'c str),
    Number(f64),
    /// Shown in yuan.
    Fen(i64),
}
use Cell::{Fen, Number, Text};

struct Sheet {
    sheet: Worksheet,
    row: u32,
    money: Format,
}

impl Sheet {
    fn new(name: &str, heads: &[&str]) -> anyhow::Result<Self> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?;
        let bold = Format::new().set_bold();
        for (column, head) in (0..).zip(heads) {
            sheet.write_string_with_format(0, column, *head, &bold)?;
            sheet.set_column_width(column, 18)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(Self {
            sheet,
            row: 0,
            money: Format::new().set_num_format("#,##0.00"),
        })
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> anyhow::Result<()> {
        self.row += 1;
        for (column, cell) in (0..).zip(cells) {
            match *cell {
                Text(text) => self.sheet.write_string(self.row, column, text)?,
                Number(number) => self.sheet.write_number(self.row, column, number)?,
                Fen(fen) => {
                    let yuan = fen as f64 / 100.0;
                    self.sheet
                        .write_number_with_format(self.row, column, yuan, &self.money)?
                }
            };
        }
        Ok(())
    }
}
