//! Codes printed for the tables of an imported hall, and read back by a camera's decoder.

use std::path::Path;

use baize_proto::access::Bearing;
use baize_proto::hall::venue::v1::RotateQrTokenRequest;
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::view::v1::directory_service_client::DirectoryServiceClient;
use baize_proto::hall::view::v1::{DirectoryTable, ListHallsRequest, ListTablesRequest, ScanTableRequest};
use tonic::Status;
use tonic::transport::Endpoint;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::import::{count, import_example};
use crate::program::{bearing, output, serve_all, text};

type Directory = DirectoryServiceClient<Bearing>;

async fn directory(query_url: &str) -> Directory {
    let endpoint = Endpoint::from_shared(query_url.to_owned()).unwrap();
    DirectoryServiceClient::new(bearing(endpoint.connect().await.unwrap()))
}

async fn tables(directory: &mut Directory, min_position: u64) -> Vec<DirectoryTable> {
    let halls = ListHallsRequest {
        min_position,
        ..ListHallsRequest::default()
    };
    let halls = directory.list_halls(halls).await.unwrap().into_inner().halls;
    let tables = ListTablesRequest {
        hall_id: halls[0].hall_id.clone(),
        ..ListTablesRequest::default()
    };
    directory.list_tables(tables).await.unwrap().into_inner().tables
}

/// What a phone reads from an image, by a decoder that shares nothing with the encoder.
fn photographed(image: &Path) -> String {
    let mut decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(image).unwrap()));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let brightness = |x: usize, y: usize| pixels[y * info.line_size + x];
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, brightness);
    prepared.detect_grids()[0].decode().unwrap().1
}

async fn scan(directory: &mut Directory, scanned: String, min_position: u64) -> Result<String, Status> {
    let request = ScanTableRequest {
        qr_token: scanned,
        min_position,
    };
    let table = directory.scan_table(request).await?.into_inner().table;
    Ok(table.unwrap().label)
}

#[tokio::test]
async fn the_printed_code_of_a_table_leads_to_it_until_another_replaces_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = serve_all(dir.path());
    let ready = running.ready();
    let (command, query) = (ready.command.clone().unwrap(), ready.query.clone().unwrap());
    import_example(&command);
    let position = count(&ready.database_url.clone().unwrap()).await.unsigned_abs();
    let mut directory = directory(&query).await;
    let tables = tables(&mut directory, position).await;

    let out = dir.path().join("codes");
    let qr = |id: &str, more: &[&str]| {
        let args = ["qr", id, "--query-url", &query, "--out", out.to_str().unwrap()];
        output(&[&args, more].concat())
    };
    let written = qr(&tables[0].hall_id, &["--format", "png"]);
    assert!(written.status.success(), "{}", text(&written));
    for table in &tables {
        let scanned = photographed(&out.join(format!("{}.png", table.label)));
        assert!(scanned.starts_with("baize://table/"), "{scanned}");
        assert_eq!(scan(&mut directory, scanned, 0).await.unwrap(), table.label);
    }
    let sheet = qr(&tables[0].hall_id, &["--sheet"]);
    assert!(sheet.status.success(), "{}", text(&sheet));
    let page = std::fs::read_to_string(out.join("codes.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), tables.len());
    assert!(page.contains("A1 号台") && page.contains("Table S1") && page.contains("白泽台球 · 示例店"));

    let old = photographed(&out.join("A1.png"));
    let channel = Endpoint::from_shared(command).unwrap().connect().await.unwrap();
    let mut venue = VenueServiceClient::new(bearing(channel));
    let rotated = venue.rotate_qr_token(RotateQrTokenRequest {
        request_id: Uuid::new_v4().to_string(),
        table_id: tables[0].table_id.clone(),
    });
    let position = rotated.await.unwrap().into_inner().position;
    let refused = scan(&mut directory, old, position).await.unwrap_err();
    let reason = refused.get_details_error_info().map(|info| info.reason);
    assert_eq!(reason.as_deref(), Some("QR_TOKEN_RETIRED"));
    let advice = refused.get_details_localized_message().unwrap().message;
    assert_eq!(
        advice,
        "This code is no longer in use. Scan the code that is on the table now, or ask the staff."
    );
    // The code of one table alone.
    assert!(qr(&tables[0].table_id, &["--format", "png"]).status.success());
    let new = photographed(&out.join("A1.png"));
    assert_eq!(scan(&mut directory, new, 0).await.unwrap(), "A1");

    let unknown = qr(&Uuid::nil().to_string(), &[]);
    assert!(!unknown.status.success() && text(&unknown).contains("neither a hall nor a table"));
}
