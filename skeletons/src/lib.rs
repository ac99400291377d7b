//! rendez-skeletons: farm, pool, collectives: written on the public API alone.
