//! `momo provision`: an API user of MTN's sandbox.

use answerbot_core::PaymentId;
use answerbot_ports::world::Entropy as _;
use answerbot_remote::momo::MomoEnvironment;
use anyhow::bail;

use crate::assemble::World;
use crate::cli::MomoAction;
use crate::out;
use crate::world::OsEntropy;

pub async fn run(world: &World, action: MomoAction) -> anyhow::Result<bool> {
    let MomoAction::Provision { host } = action;
    let _ = (world, host, MomoEnvironment::Sandbox);
    let mut seed = [0; 16];
    OsEntropy.fill(&mut seed);
    let _ = PaymentId::draw(seed);
    bail!("not yet")
}
