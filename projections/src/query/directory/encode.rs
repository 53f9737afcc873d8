//! Rows of the directory as messages.

use baize_proto::hall::venue::v1 as venue;
use baize_proto::hall::view::v1 as view;

use crate::query::encode::{table_class, table_status, timestamp};
use crate::views::directory::{ChainRow, DeviceRow, Driver, HallRow, TableRow, TariffRow};

use super::read::CountedHall;
use super::tariff_text;

pub(super) fn chain(row: ChainRow, position: u64) -> view::GetChainResponse {
    let levels = row.levels.0.into_iter().map(|level| venue::Level {
        code: level.code.to_string(),
        name_zh: level.name_zh,
        name_en: level.name_en,
        discount: level.discount.normalize().to_string(),
        upgrade_from_fen: level.upgrade_from.map_or(0, |from| from.0),
        gift_points: level.gift_points,
    });
    view::GetChainResponse {
        chain_id: row.chain_id.to_string(),
        name: row.name,
        levels_version: row.levels_version.unsigned_abs(),
        levels: levels.collect(),
        position,
        window_days: row.window_days.unsigned_abs(),
        period_months: row.period_months.unsigned_abs(),
    }
}

pub(super) fn hall(counted: CountedHall) -> view::DirectoryHall {
    let CountedHall { hall, tables, free } = counted;
    view::DirectoryHall {
        hall_id: hall.hall_id.to_string(),
        chain_id: hall.chain_id.to_string(),
        name: hall.name,
        time_zone: hall.time_zone,
        business_day_cutoff_minutes: hall.business_day_cutoff_minutes.unsigned_abs().into(),
        retired: hall.retired,
        tables: u32::try_from(tables).unwrap_or(u32::MAX),
        free_tables: u32::try_from(free).unwrap_or(u32::MAX),
    }
}

pub(super) fn table(row: TableRow) -> view::DirectoryTable {
    view::DirectoryTable {
        table_id: row.table_id.to_string(),
        hall_id: row.hall_id.to_string(),
        label: row.label,
        table_class: table_class(row.class).into(),
        status: table_status(row.status).into(),
        tariff_plan_id: row.tariff_plan_id.to_string(),
        light_device_id: row.light_device_id.to_string(),
        light_channel: row.light_channel.unsigned_abs().into(),
        maintenance_reason: row.maintenance_reason.unwrap_or_default(),
        maintenance_expected_end: row.maintenance_expected_end.map(|at| timestamp(at.timestamp())),
    }
}

pub(super) fn device(row: DeviceRow) -> view::DirectoryDevice {
    view::DirectoryDevice {
        device_id: row.device_id.to_string(),
        hall_id: row.hall_id.to_string(),
        driver: match row.driver {
            Driver::Tasmota => venue::Driver::Tasmota,
            Driver::Shelly => venue::Driver::Shelly,
            Driver::EspHome => venue::Driver::Esphome,
        }
        .into(),
        topic: row.topic,
        channels: row.channels.unsigned_abs().into(),
    }
}

pub(super) fn tariff(row: TariffRow, position: u64) -> view::GetTariffResponse {
    let (lines_zh, lines_en) = tariff_text::lines(&row.tariff.0);
    view::GetTariffResponse {
        plan_id: row.plan_id.to_string(),
        hall_id: row.hall_id.to_string(),
        version: row.version.unsigned_abs(),
        published_at: Some(timestamp(row.published_at.timestamp())),
        name: row.tariff.0.name,
        lines_zh,
        lines_en,
        position,
    }
}

pub(super) fn goods(hall: HallRow, with_retired: bool, position: u64) -> view::ListGoodsResponse {
    let listed = hall.goods.0.into_iter().filter(|goods| with_retired || !goods.retired);
    let goods = listed.map(|goods| venue::Goods {
        code: goods.code,
        name_zh: goods.name_zh,
        name_en: goods.name_en,
        price_fen: goods.price.0,
        retired: goods.retired,
    });
    view::ListGoodsResponse {
        goods: goods.collect(),
        version: hall.goods_version.unsigned_abs(),
        position,
    }
}
