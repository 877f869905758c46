//! Log lines on standard error.

use crate::config::{LogFormat, LogLevel};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The environment variable that overrides the configured level, in the syntax of `RUST_LOG`.
const FILTER_VARIABLE: &str = "FAILOVERD_LOG";

/// Starts logging; the first call of a process counts, later ones do nothing.
///
/// `FAILOVERD_LOG` in the environment overrides `level`, for one module if need be:
/// `FAILOVERD_LOG=info,failoverd::link=trace`. A value that cannot be read is reported and ignored.
pub fn start(level: LogLevel, format: LogFormat) {
    let default = LevelFilter::from_level(match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    });
    let (filter, mistake) = filter(std::env::var(FILTER_VARIABLE).ok().as_deref(), default);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    if let (Ok(()), Some(mistake)) = (started, mistake) {
        tracing::warn!("{FILTER_VARIABLE} is ignored: {mistake}");
    }
}

fn filter(text: Option<&str>, default: LevelFilter) -> (EnvFilter, Option<String>) {
    let plain = EnvFilter::default().add_directive(default.into());
    match text.map(|text| EnvFilter::builder().parse(text)) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (plain, Some(error.to_string())),
        None => (plain, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_overrides_the_level_and_nonsense_is_reported() {
        let level = |text| filter(text, LevelFilter::INFO).0.max_level_hint();
        assert_eq!(level(None), Some(LevelFilter::INFO));
        assert_eq!(level(Some("warn,failoverd::link=trace")), Some(LevelFilter::TRACE));
        assert_eq!(level(Some("info,=,=")), Some(LevelFilter::INFO));
        assert!(filter(Some("info,=,="), LevelFilter::INFO).1.is_some());
    }
}
