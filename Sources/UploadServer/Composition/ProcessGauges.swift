import Foundation
import Metrics
import Synchronization

/// What every exporter tells of its process, under the names that dashboards know
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). Read from /proc/self (proc(5)).
final class ProcessGauges: Sendable {
    private let startTime = Date().timeIntervalSince1970
    private let cpu = FloatingPointCounter(label: "process_cpu_seconds_total")
    private let countedCPU = Mutex(0.0)

    /// Measures; what /proc does not tell keeps its value.
    func update() {
        Meter(label: "process_start_time_seconds").set(startTime)
        if let used = Self.cpuSeconds() {
            let new = countedCPU.withLock { counted in
                defer { counted = max(counted, used) }
                return used - counted
            }
            cpu.increment(by: new)
        }
        if let resident = Self.residentBytes() { Meter(label: "process_resident_memory_bytes").set(resident) }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            // One of them is the folder that was just read.
            Meter(label: "process_open_fds").set(open - 1)
        }
        if let limit = Self.descriptorLimit() { Meter(label: "process_max_fds").set(limit) }
    }

    private static func residentBytes() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func cpuSeconds() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            // The name of the program, in parentheses, may be anything.
            let rest = text.split(separator: ")").last?.split(separator: " "), rest.count > 12,
            let user = Double(rest[11]), let system = Double(rest[12])
        else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func descriptorLimit() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") })
        else { return nil }
        return line.split(separator: " ").dropFirst(3).first.flatMap { Double($0) }
    }
}
