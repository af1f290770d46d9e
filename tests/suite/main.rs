//! All integration tests, as one program: it links once.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail and may speak")]
#![allow(unreachable_pub, reason = "nothing of a test program is public")]

mod arbitrary;
mod asked;
mod changing;
mod check;
mod check_faults;
mod check_holders;
mod check_json;
mod check_policy;
mod check_suggest;
mod cli;
mod code_pages;
mod completions;
mod contract;
mod deleted;
mod diff;
mod diff_any;
mod diff_ephemeral;
mod diff_sides;
mod document;
mod documents;
mod explanation;
mod explanation_contract;
mod explanation_terms;
mod exports;
mod generate;
mod habits;
mod html;
mod json_schema;
mod license_data;
mod license_data_at_a_glance;
mod license_error_data;
mod license_errors;
mod license_servers;
#[cfg(target_os = "linux")]
mod limits;
mod lines;
mod live;
#[cfg(target_os = "linux")]
mod live_absence;
#[cfg(target_os = "linux")]
mod live_bpf;
#[cfg(target_os = "linux")]
mod live_check;
#[cfg(target_os = "linux")]
mod live_churn;
#[cfg(target_os = "linux")]
mod live_connections;
#[cfg(target_os = "linux")]
mod live_cost;
#[cfg(target_os = "linux")]
mod live_deleted;
#[cfg(target_os = "linux")]
mod live_diff;
#[cfg(target_os = "linux")]
mod live_disk_images;
#[cfg(target_os = "linux")]
mod live_doubled;
#[cfg(target_os = "linux")]
mod live_halted;
#[cfg(target_os = "linux")]
mod live_holders;
#[cfg(target_os = "linux")]
mod live_host_id;
#[cfg(target_os = "linux")]
mod live_in_flight;
#[cfg(target_os = "linux")]
mod live_labels;
#[cfg(target_os = "linux")]
mod live_license;
#[cfg(target_os = "linux")]
mod live_license_servers;
#[cfg(target_os = "linux")]
mod live_limits;
#[cfg(target_os = "linux")]
mod live_linux;
#[cfg(target_os = "linux")]
mod live_names;
#[cfg(target_os = "linux")]
mod live_namespaces;
#[cfg(target_os = "linux")]
mod live_other_sockets;
#[cfg(target_os = "linux")]
mod live_packet_rules;
#[cfg(target_os = "linux")]
mod live_paths;
#[cfg(target_os = "linux")]
mod live_protocols;
#[cfg(target_os = "linux")]
mod live_reach;
#[cfg(target_os = "linux")]
mod live_record;
#[cfg(target_os = "linux")]
mod live_rings;
#[cfg(target_os = "linux")]
mod live_rules;
#[cfg(target_os = "linux")]
mod live_screen;
#[cfg(target_os = "linux")]
mod live_servers;
#[cfg(target_os = "linux")]
mod live_sockets;
#[cfg(target_os = "linux")]
mod live_wait;
#[cfg(target_os = "linux")]
mod live_waiting;
#[cfg(target_os = "linux")]
mod live_watch;
#[cfg(windows)]
mod live_windows;
mod macos;
mod names;
mod names_elsewhere;
mod names_narrowed;
mod narrow;
#[cfg(target_os = "linux")]
mod network;
mod next;
mod next_loopback;
#[cfg(target_os = "linux")]
mod oracle;
mod other_sockets;
mod perfdata;
mod plain_list;
mod reach;
mod real_setups;
mod record;
mod record_files;
mod recorded;
mod records;
mod records_redacted;
mod registry_data;
mod rendering;
mod rendering_any;
mod rendering_columns;
mod rendering_detail;
mod rendering_free;
mod rendering_linux;
mod rendering_processes;
mod rendering_windows;
mod rendering_windows_sockets;
mod rules;
mod rules_each;
mod same_in_json;
mod selection;
#[cfg(target_os = "linux")]
mod served;
mod several;
mod signs;
mod started;
#[cfg(target_os = "linux")]
mod terminal;
mod tidy;
mod tidy_imports;
mod typing;
mod verdicts;
mod verdicts_earned;
mod verdicts_forwarded;
mod verdicts_started;
mod verdicts_windows;
mod waiting;
mod watching;
#[cfg(not(windows))]
mod witness;
