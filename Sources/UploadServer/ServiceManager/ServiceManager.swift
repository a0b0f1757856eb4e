import CProcess
import Foundation
import Logging
import Synchronization

/// The program that started this one and wants to hear how it is: systemd, or what speaks as it does (sd_notify(3)).
/// Where there is none, nothing is said.
final class ServiceManager: Sendable {
    private enum Phase {
        case starting
        /// With what can be said of it in any case.
        case serving(String)
        case stopping
    }

    /// How often it wants to hear that the server works; `nil` where it does not. Half of the time after which it would
    /// end the server.
    let beatInterval: Duration?
    /// Whether there is one.
    var isPresent: Bool { address != nil }

    private let address: String?
    private let logger: Logger
    private let phase = Mutex(Phase.starting)

    /// - Parameter environment: the process's variables, where a manager says how to reach it.
    init(environment: [String: String], logger: Logger) {
        address = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        beatInterval = address == nil ? nil : Self.beatInterval(environment, logger)
        self.logger = logger
    }

    private static func beatInterval(_ environment: [String: String], _ logger: Logger) -> Duration? {
        guard let text = environment["WATCHDOG_USEC"] else { return nil }
        // Meant for another process, which passed its variables on.
        if let pid = environment["WATCHDOG_PID"], pid != "\(ProcessInfo.processInfo.processIdentifier)" { return nil }
        guard let microseconds = Int64(text), microseconds > 1 else {
            logger.warning("WATCHDOG_USEC is no time, the service manager's watchdog gets no beat")
            return nil
        }
        return .microseconds(microseconds / 2)
    }

    // MARK: What it is told

    /// Connections are accepted from now on.
    func serves(_ status: String) {
        phase.withLock { phase in
            guard case .starting = phase else { return }
            phase = .serving(status)
            send(["READY=1", "STATUS=\(status)"])
        }
    }

    /// The server is about to end, in order.
    func stops() {
        phase.withLock { phase in
            if case .stopping = phase { return }
            phase = .stopping
            send(["STOPPING=1", "STATUS=stopping: requests come to their end"])
        }
    }

    /// The server works, in the sense of ``Heartbeat``.
    func beats() {
        send(["WATCHDOG=1"])
    }

    /// One line for those who ask the manager about the service, to go on where that of the beginning ends.
    func tell(status: String) {
        phase.withLock { phase in
            guard case .serving(let beginning) = phase else { return }
            send(["STATUS=\(beginning), \(status)"])
        }
    }

    /// Reads again what is read at SIGHUP, between the words that tell of it.
    func reloading(_ body: () async -> Void) async {
        // Before the first READY, a second one would be taken for it.
        say("RELOADING=1", "MONOTONIC_USEC=\(process_monotonic_microseconds())")
        await body()
        say("READY=1")
    }

    private func say(_ lines: String...) {
        phase.withLock { phase in
            guard case .serving = phase else { return }
            send(lines)
        }
    }

    private func send(_ lines: [String]) {
        guard let address else { return }
        let error = process_notify(address, lines.joined(separator: "\n"))
        guard error != 0 else { return }
        // It draws its own conclusions from what it does not hear; the log is where they can be understood.
        logger.warning(
            "the service manager can't be told",
            metadata: ["what": "\(lines[0])", "socket": "\(address)", "error": "\(String(cString: strerror(error)))"])
    }
}
