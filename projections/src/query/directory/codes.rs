//! The codes of tables, for whoever looks after them.

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::list_table_codes_request::Of;
use baize_proto::hall::view::v1::{ListTableCodesRequest, ListTableCodesResponse, TableCode};
use uuid::Uuid;

use crate::codes::{CodeImage, address};
use crate::query::deadline::Deadline;
use crate::query::encode::table_class;
use crate::query::error::Error;
use crate::query::fields::Fields;
use crate::query::page::Page;
use crate::query::reader::Found;
use crate::query::rights::Asker;
use crate::views::board::TableStatus;
use crate::views::directory::TableRow;

use super::DirectoryService;

/// Whose codes.
pub(super) enum Wanted {
    Hall(Uuid),
    Table(Uuid),
}

/// Tables, and the name of their hall.
pub(super) struct Tables {
    found: Found<TableRow>,
    hall_name: String,
}

/// What is asked for.
pub(super) fn wanted(request: &ListTableCodesRequest) -> Result<(Wanted, Page), Error> {
    let mut fields = Fields::default();
    let wanted = match &request.of {
        Some(Of::TableId(table_id)) => Wanted::Table(fields.id("table_id", table_id)),
        Some(Of::HallId(hall_id)) => Wanted::Hall(fields.id("hall_id", hall_id)),
        None => Wanted::Hall(fields.id("hall_id", "")),
    };
    let (Wanted::Hall(id) | Wanted::Table(id)) = &wanted;
    let page = Page::read(&mut fields, request.page_size, &request.page_token, &[Some(*id)]);
    fields.finish()?;
    Ok((wanted, page))
}

impl DirectoryService {
    /// The tables, if they are the asker's to look after.
    pub(super) async fn codes_of(
        &self,
        asker: &Asker,
        wanted: Wanted,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Tables, Error> {
        let reader = &self.reader;
        let (hall_id, found) = match wanted {
            Wanted::Hall(hall_id) => {
                asker.may_ask(reader, Belonging::to_hall(hall_id), deadline).await?;
                (hall_id, reader.table_page(hall_id, false, page, deadline).await?)
            }
            Wanted::Table(table_id) => {
                let found = reader.directory_table(table_id, deadline).await;
                let (table, position) = asker.theirs(reader, found, deadline).await?;
                let hall_id = table.hall_id;
                let mut rows = vec![table];
                rows.retain(|table| table.status != TableStatus::Retired);
                (hall_id, Found { rows, position })
            }
        };
        let (hall, _) = reader.counted_hall(hall_id, deadline).await?;
        let hall_name = hall.hall.name;
        Ok(Tables { found, hall_name })
    }
}

/// The answer, each code drawn.
pub(super) fn encode(tables: Tables, page: &Page, code_base: &str) -> Result<ListTableCodesResponse, Error> {
    let Tables {
        found: Found { mut rows, position },
        hall_name,
    } = tables;
    let next_page_token = page.oldest_first(&mut rows, |table| table.registered);
    let codes: Result<_, _> = rows.into_iter().map(|table| code(table, code_base)).collect();
    Ok(ListTableCodesResponse {
        codes: codes?,
        hall_name,
        next_page_token,
        position,
    })
}

fn code(table: TableRow, code_base: &str) -> Result<TableCode, Error> {
    let address = address(code_base, &table.qr_token);
    let image = CodeImage::of(&address).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(TableCode {
        table_id: table.table_id.to_string(),
        hall_id: table.hall_id.to_string(),
        label: table.label,
        table_class: table_class(table.class).into(),
        svg: image.svg().into_bytes(),
        address,
    })
}
