//! `hall.calendar.v1.CalendarService`.

use baize_proto::hall::calendar::v1::calendar_service_server::CalendarService;
use baize_proto::hall::calendar::v1::{PublishCalendarYearRequest, PublishCalendarYearResponse};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl CalendarService for Services {
    async fn publish_calendar_year(
        &self,
        request: Request<PublishCalendarYearRequest>,
    ) -> Result<Response<PublishCalendarYearResponse>, Status> {
        self.execute(request).await
    }
}
