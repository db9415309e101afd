//! A hospital with more units than the small one of the tests has.

use acceptance::{World, harbor::SITES};
use backend::places::store as places;
use domain::{id::UnitId, playbooks::Setting};

/// So many more units, the same number at each site.
pub async fn units(world: &World, many: usize) -> Vec<UnitId> {
    let made: Vec<(UnitId, domain::places::Unit)> = (0..many)
        .map(|number| {
            let unit = domain::places::Unit {
                facility: SITES[number % SITES.len()].0.into(),
                code: format!("ward{number}"),
                name: format!("Ward {number}"),
                phone: String::new(),
                setting: Some(Setting::Inpatient),
                beds: Some(20),
            };
            (world.app.clock.id(), unit)
        })
        .collect();
    let rows: Vec<_> = made.iter().map(|(id, unit)| (*id, unit)).collect();
    let mut tx = world.app.db.write().await.expect("can be written");
    places::save_units(&mut tx, &rows).await.expect("are new");
    tx.commit().await.expect("can be written");
    made.into_iter().map(|(id, _)| id).collect()
}
