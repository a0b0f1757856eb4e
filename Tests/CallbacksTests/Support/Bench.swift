import Logging
import ServiceLifecycle
import UploadCore

@testable import Callbacks

/// A worker between fakes.
struct Bench: Sendable {
    let clock = ManualClock()
    let outbox = FakeOutbox()
    let transport = FakeTransport()
    let log = LogRecorder()
    let worker: CallbackWorker

    init(
        delays: [Duration] = [.seconds(5), .seconds(10)], giveUpAfter: Duration = .seconds(60), concurrency: Int = 8,
        secrets: [String: [UInt8]] = [:]
    ) {
        worker = CallbackWorker(
            outbox: outbox, clock: clock,
            schedule: RetrySchedule(delays: delays, giveUpAfter: giveUpAfter, jitter: 0), concurrency: concurrency,
            timeout: .seconds(15), secrets: secrets, logger: log.logger,
            withTransport: { [transport] body in await body(transport) })
    }

    /// Enqueues without telling the worker.
    func enqueue(_ businessServer: String, destination: String? = nil, count: Int = 1) async {
        await outbox.enqueue(businessServer, destination: destination, count: count, at: clock.now)
    }

    /// Runs the worker beside `body` and cancels it then.
    func run(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Runs the worker in a service group beside `body`, which has to bring it to its end.
    func serve(_ body: (ServiceGroup) async throws -> Void) async throws {
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: worker, successTerminationBehavior: .ignore)], logger: log.logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await body(services)
            try await group.waitForAll()
        }
    }
}

extension [FakeOutbox.Row] {
    func count(_ state: FakeOutbox.RowState) -> Int {
        count { $0.state == state }
    }
}
