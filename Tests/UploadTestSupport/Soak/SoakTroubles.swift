import Foundation
import Glibc

/// What befalls the server: each of these goes on until its time is up, and puts back what it did.
struct SoakTroubles {
    private static let day = 86_400.0

    private let world: SoakWorld
    private let end: ContinuousClock.Instant
    private let kills: Bool
    private let diskRules: [FaultShim.Rule]
    private let seed: UInt64
    private var random: SeededGenerator

    /// - Parameters:
    ///   - phase: each has its own.
    ///   - end: when all of them are to be over.
    ///   - kills: whether the server dies, too.
    init(_ world: SoakWorld, phase: Int, until end: ContinuousClock.Instant, kills: Bool) throws {
        (self.world, self.end, self.kills) = (world, end, kills)
        seed = world.plan.seed &+ UInt64(phase) &* 10
        random = SeededGenerator(seed: seed)
        // No sync of a staging file is among them: bytes that it could not save are taken back, acknowledged or not, and
        // asked for again. That is right, and here it would look like a loss; only the server could say which it was.
        let kinds: [(FaultShim.Operation, String, Int32)] = [
            (.write, ".part", ENOSPC), (.write, ".part", EIO), (.create, ".part", ENOSPC), (.write, "-wal", ENOSPC),
            (.write, "-wal", EIO), (.sync, "-wal", EIO),
            // Publishing waits; in the first case it copies.
            (.link, "/store/in/", EXDEV), (.link, "/store/in/", EIO), (.rename, "/store/in/", EIO),
            (.folderSync, "/store/in/", EIO),
        ]
        diskRules = try kinds.map { operations, path, error in
            let rule = try world.shim.fail(operations, path: path, with: error, mustHit: false)
            rule.remove()
            return rule
        }
    }

    /// All of them at once.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var (killer, clock, disk, receiver) = (self, self, self, self)
            clock.random = SeededGenerator(seed: seed &+ 1)
            disk.random = SeededGenerator(seed: seed &+ 2)
            receiver.random = SeededGenerator(seed: seed &+ 3)
            if kills { group.addTask { [killer] in try await killer.kill() } }
            group.addTask { [clock] in try await clock.setClock() }
            group.addTask { [disk] in try await disk.troubleDisk() }
            group.addTask { [receiver] in try await receiver.troubleReceiver() }
            try await group.waitForAll()
        }
    }

    // MARK: Death

    private func kill() async throws {
        var random = random
        while try await pause(world.plan.killPause, &random) {
            // The first one is a death in any case.
            let stops = Int.random(in: 0..<5, using: &random) == 0 && world.ledger.number(of: .kills) > 0
            let down = seconds(world.plan.spell, &random)
            try await world.alone {
                if let exit = world.server.process?.output.value.exit {
                    world.ledger.complain("the server ended by itself: \(exit)")
                } else if stops {
                    let before = failedCalls
                    let exit = try await world.server.terminate()
                    // 1: the disk was in trouble, and the log could not be copied at the end.
                    let isRight = exit == .code(0) || exit == .code(1) && failedCalls > before
                    if !isRight { world.ledger.complain("SIGTERM ended it with \(exit, default: "-")") }
                    world.ledger.count(.stops)
                } else {
                    do {
                        try await world.survivor.kill()
                    } catch let error as Survivor.EndedByItself {
                        world.ledger.complain("\(error)")
                    }
                    world.ledger.count(.kills)
                }
                try await Task.sleep(for: down)
                try await world.start()
            }
        }
    }

    // MARK: The clock

    /// A server that is started after the clock was set back takes what it has stored for later than it is, and one that
    /// is killed right after it was set has not moved what is due. Both are harmless: something comes later, by as much
    /// as the clock was set. So the server gets the time to notice, and the last time is the latest.
    private func setClock() async throws {
        var (random, offset) = (random, world.clockOffset)
        while try await pause(world.plan.troublePause, &random) {
            let before = offset
            // At least half a minute: small steps are adjustments.
            while abs(offset - before) < 30 {
                offset = Bool.random(using: &random) ? Double.random(in: -Self.day...Self.day, using: &random) : 0
                if before == 0, offset == 0 { offset = Double.random(in: -600...600, using: &random) }
            }
            try await world.setClock(to: offset)
        }
        if offset != Self.day + 60 { try await world.setClock(to: Self.day + 60) }
    }

    // MARK: The disk

    private var failedCalls: Int { diskRules.reduce(0) { $0 + $1.hits } }

    private func troubleDisk() async throws {
        var random = random
        while try await pause(world.plan.troublePause, &random) {
            guard let rule = diskRules.randomElement(using: &random) else { return }
            let before = rule.hits
            rule.restore()
            world.ledger.count(.spells)
            defer { rule.remove() }
            try await Task.sleep(for: seconds(world.plan.spell, &random))
            // One spell at least is met by a call, however slow the machine is.
            if world.ledger.number(of: .failedCalls) == 0 {
                try await rule.wait(forHits: before + 1, within: .seconds(60))
            }
            world.ledger.count(.failedCalls, rule.hits - before)
        }
    }

    // MARK: The receiver

    private func troubleReceiver() async throws {
        var random = random
        let receiver = world.bed.receiver
        while try await pause(world.plan.troublePause, &random) {
            world.ledger.count(.outages)
            let duration = seconds(world.plan.spell, &random) * 2
            let answer: RecordingReceiver.Answer?
            switch Int.random(in: 0..<4, using: &random) {
            case 0: answer = .status(500)
            case 1: answer = .hang
            case 2: answer = .late(.milliseconds(700))
            default: answer = nil
            }
            if let answer {
                for path in ["/one", "/two"] { receiver.plan(Array(repeating: answer, count: 1000), for: path) }
                try await Task.sleep(for: duration)
                for path in ["/one", "/two"] { receiver.plan([], for: path) }
            } else {
                await receiver.stop()
                try await Task.sleep(for: duration)
                try await receiver.start()
            }
        }
    }

    // MARK: Time

    /// - Returns: `false` when the time is up.
    private func pause(_ range: ClosedRange<Double>, _ random: inout SeededGenerator) async throws -> Bool {
        let next = ContinuousClock.now + seconds(range, &random)
        guard next < end else {
            try await Task.sleep(until: end)
            return false
        }
        try await Task.sleep(until: next)
        return true
    }

    private func seconds(_ range: ClosedRange<Double>, _ random: inout SeededGenerator) -> Duration {
        .seconds(Double.random(in: range, using: &random))
    }
}

extension SoakWorld {
    /// Starts the server; while the disk is in trouble that takes more than one try.
    func start() async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            do {
                // Their connections must not be taken for a growth.
                return try await HTTP.withOwnConnections(upTo: plan.clients) { try await survivor.restart() }
            } catch let error as ProgramProcess.EndedEarly {
                guard ContinuousClock.now < end else { throw error }
                // A disk in trouble is told and left; nothing else ends a start.
                if case .signal? = server.process?.output.value.exit { ledger.complain("\(error)") }
                ledger.count(.failedStarts)
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Sets the server's clock, and waits until the server has noticed.
    fileprivate func setClock(to offset: Double) async throws {
        try await alone {
            guard let process = server.process else { return }
            let said = process.output.value.errorLines.count
            shim.setClock(offset: .seconds(offset))
            clockOffset = offset
            ledger.count(.jumps)
            _ = try await eventually("the jump of the clock to be noticed", within: .seconds(60)) {
                let lines = process.output.value.errorLines
                return lines[min(said, lines.count)...].contains { $0.contains("the clock was set") } ? true : nil
            }
        }
    }
}
