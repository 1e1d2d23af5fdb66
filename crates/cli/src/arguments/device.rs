use clap::Args;
use cognate::Device;

#[derive(Debug, Args)]
pub(crate) struct DeviceArguments {
    /// Device that runs the model: cpu, cuda or metal; cuda:1 is the second GPU
    #[arg(long, value_name = "NAME", env = "COGNATE_DEVICE", default_value_t)]
    pub(crate) device: Device,
}
