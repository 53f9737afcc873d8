//! Calendars of holidays.

use baize_domain::calendar::{self, Calendar, CalendarError, CalendarYear};
use baize_domain::ids::CalendarId;
use baize_domain::tariff::TariffPlan;

use super::work::Work;
use super::{CommandError, Reply};

/// Publishes a year.
pub async fn publish_year(
    work: &Work<'_>,
    calendar_id: CalendarId,
    year: i16,
    content: &CalendarYear,
) -> Result<Reply, CommandError> {
    let calendar = work.read::<Calendar>(calendar_id).await?;
    let events = calendar::decide::publish_year(&calendar, calendar_id, year, content.clone(), work.now)
        .map_err(CommandError::refuse)?;
    work.write(&calendar, events)?;
    Ok(Reply::CalendarPublished { calendar_id })
}

/// The calendar that a plan's tariff names, if it names one; an empty one if nothing was published of it.
pub async fn named_by(work: &Work<'_>, plan: &TariffPlan) -> Result<Calendar, CommandError> {
    let published = plan.published.as_ref();
    match published.and_then(|published| published.pinned.tariff.calendar_id) {
        Some(calendar_id) => Ok(Calendar::clone(&*work.read::<Calendar>(calendar_id).await?)),
        None => Ok(Calendar::default()),
    }
}

/// Refuses a calendar of which nothing was published.
pub async fn known(work: &Work<'_>, calendar_id: CalendarId) -> Result<(), CommandError> {
    let calendar = work.read::<Calendar>(calendar_id).await?;
    if calendar.years.is_empty() {
        return Err(CommandError::refuse(CalendarError::NotFound(calendar_id)));
    }
    Ok(())
}
