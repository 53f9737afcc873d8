//! `baize qr`: the codes of tables as files to print, asked of the query service like by any other client.

mod files;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use baize_projections::codes::{CodeImage, Sign, sheet};
use baize_proto::access::Bearing;
use baize_proto::hall::view::v1::directory_service_client::DirectoryServiceClient;
use baize_proto::hall::view::v1::list_table_codes_request::Of;
use baize_proto::hall::view::v1::{ListTableCodesRequest, TableCode};
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::credentials::Credentials;
use crate::settings::Settings;

use files::Files;

/// Tables of one page, and pages at most.
const PAGE: i32 = 100;
const PAGES_MAX: usize = 100;

/// Arguments of `baize qr`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A hall, for the codes of all its tables, or one table
    #[arg(value_name = "HALL_ID|TABLE_ID")]
    id: Uuid,
    /// What the images are
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// Directory that the files are written to; files of the same name are replaced
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Write one page for the printer instead (codes.html): six codes on an A4 sheet, with number and hall
    #[arg(long)]
    sheet: bool,
    #[command(flatten)]
    credentials: Credentials,
}

/// What an image is.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// Sharp at any size.
    Svg,
    /// 1,000 pixels or a little more.
    Png,
}

impl Args {
    /// Writes the files and names them.
    ///
    /// # Errors
    /// The query service is away, does not know the id or refuses it, or a file cannot be written.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let url = settings.query_url();
        let channel = Endpoint::from_shared(url.clone())?.connect().await;
        let channel = channel.with_context(|| format!("connecting to the query service at {url}"))?;
        let mut directory = DirectoryServiceClient::new(Bearing::new(channel, self.credentials.badge(settings)?));
        let (codes, hall_name) = find(&mut directory, self.id).await?;
        if codes.is_empty() {
            bail!("there is no table, so there is no code");
        }
        let mut files = Files::in_dir(&self.out)?;
        if self.sheet {
            return files.write("codes.html", sheet(&hall_name, &signs(codes)?)?.as_bytes());
        }
        for code in codes {
            let name = files.name(&code);
            match self.format {
                Format::Svg => files.write(&format!("{name}.svg"), &code.svg)?,
                Format::Png => files.write(&format!("{name}.png"), &CodeImage::of(&code.address)?.png()?)?,
            }
        }
        Ok(())
    }
}

/// The codes of a hall's tables, or if there is no such hall, of the table; and the hall's name.
async fn find(directory: &mut DirectoryServiceClient<Bearing>, id: Uuid) -> anyhow::Result<(Vec<TableCode>, String)> {
    let refused = match pages(directory, Of::HallId(id.to_string())).await {
        Ok(found) => return Ok(found),
        Err(status) => status,
    };
    // To owners and staff, a table's id is a hall that is not theirs.
    if !matches!(refused.code(), Code::NotFound | Code::PermissionDenied) {
        bail!("asking for the codes: {}", refused.message());
    }
    let found = pages(directory, Of::TableId(id.to_string())).await;
    found.map_err(|status| match status.code() {
        Code::NotFound => anyhow::anyhow!("there is neither a hall nor a table {id}"),
        _ => anyhow::anyhow!("asking for the codes: {}", status.message()),
    })
}

async fn pages(directory: &mut DirectoryServiceClient<Bearing>, of: Of) -> Result<(Vec<TableCode>, String), Status> {
    let mut codes = Vec::new();
    let mut request = ListTableCodesRequest {
        of: Some(of),
        page_size: PAGE,
        ..ListTableCodesRequest::default()
    };
    for _ in 0..PAGES_MAX {
        let page = directory.list_table_codes(request.clone()).await?.into_inner();
        codes.extend(page.codes);
        if page.next_page_token.is_empty() {
            return Ok((codes, page.hall_name));
        }
        request.page_token = page.next_page_token;
    }
    Err(Status::out_of_range("the hall has more tables than any hall"))
}

fn signs(codes: Vec<TableCode>) -> anyhow::Result<Vec<Sign>> {
    let sign = |code: TableCode| {
        let svg = String::from_utf8(code.svg).context("the service drew something else than text")?;
        Ok(Sign { label: code.label, svg })
    };
    codes.into_iter().map(sign).collect()
}
