//! What is in force and the configuration file.

use super::super::live::Settings;
use super::super::load::too_soon;
use super::Core;
use crate::admin::{AdminResponse, Refusal};
use crate::config::Config;

impl Core {
    pub(in crate::core) fn export_config(&self) -> Result<AdminResponse, Refusal> {
        let (file, text) = self.read_file()?;
        let config = self.settings.live.apply(&file).map_err(|error| error.to_string())?;
        let toml = config.export(&file, &text).map_err(|error| error.to_string())?;
        Ok(AdminResponse::Config { toml })
    }

    pub(in crate::core) fn config_differences(&self) -> Result<AdminResponse, Refusal> {
        let (file, _) = self.read_file()?;
        let Settings { live, .. } = &self.settings;
        let records = self.domains.iter().filter_map(|it| Some((it.name.clone(), it.record()?)));
        // With such a file the server would not start again.
        let started = live.apply(&file);
        let started = started.and_then(|config| too_soon(&config, &records.collect(), live));
        let problem = started.err().map(|error| error.to_string());
        let lines = live.differences(&file).into_iter().chain(problem).collect();
        Ok(AdminResponse::Differences { lines })
    }

    /// The configuration file as it is now.
    fn read_file(&self) -> Result<(Config, String), Refusal> {
        let path = &self.settings.file.file;
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let config = Config::parse(path, &text).map_err(|errors| errors.to_string())?;
        Ok((config, text))
    }
}
