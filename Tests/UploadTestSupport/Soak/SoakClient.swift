import Foundation

/// One client: upload after upload, each behaving as chance has it.
struct SoakClient {
    let world: SoakWorld
    let number: Int
    private let phase: Int
    var random: SeededGenerator
    private var uploads = 0

    init(_ world: SoakWorld, phase: Int, number: Int) {
        (self.world, self.phase, self.number) = (world, phase, number)
        random = SeededGenerator(seed: world.plan.seed &* 1_000_003 &+ UInt64(phase * 100_000 + number))
    }

    /// Goes on until then, and brings the last upload to its end.
    mutating func run(until end: ContinuousClock.Instant) async throws {
        while ContinuousClock.now < end {
            uploads += 1
            let behaviour = SoakBehaviour.draw(using: &random)
            do {
                try await run(behaviour)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                world.ledger.complain("client \(number), \(behaviour): \(error)")
            }
            try await rest(0...0.3)
        }
    }

    private mutating func run(_ behaviour: SoakBehaviour) async throws {
        switch behaviour {
        case .plain: try await plain()
        case .repeats: try await repeats()
        case .overlaps: try await overlaps()
        case .twoAtOnce: try await twoAtOnce()
        case .pauses: try await pauses()
        case .cancels: try await cancels()
        case .vanishes: try await vanishes()
        case .returns: try await returns()
        case .lies: try await lies()
        case .wrongFile: try await wrongFile()
        case .empty: try await empty()
        case .sameTarget: try await sameTarget()
        case .blocked: try await blocked()
        case .breaksOff: try await breaksOff()
        case .slow: try await slow()
        case .stranger: try await stranger()
        }
    }

    // MARK: What it draws

    /// Mostly small ones, some of a few megabytes.
    mutating func file(from least: Int = 1) -> TestFile {
        let most = Int.random(in: 0..<50, using: &random) == 0 ? 2_000_000 : 60_000
        return TestFile(size: Int.random(in: least...most, using: &random), seed: random.next())
    }

    /// A registration whose place nobody else has.
    mutating func task(_ file: TestFile, name: String = "") -> NewTask {
        let task = NewTask(
            file, name: "\(phase)-\(number)-\(uploads)\(name)", in: "in/\(number % 8)", user: "client \(number)"
        ).with("feedBackParameter", "{\"upload\":\(uploads)}")
        return number.isMultiple(of: 2) ? task : task.with("token", "\"\(TestBed.secondToken)\"")
    }

    /// The file cut at random places, in random order.
    mutating func blocks(of file: TestFile, from least: Int = 1) -> [ClosedRange<Int>] {
        let size = file.bytes.count
        let wanted = Int.random(in: least...10, using: &random)
        var starts: Set<Int> = [0]
        for _ in 1..<max(wanted, 2) where wanted > 1 { starts.insert(Int.random(in: 0..<size, using: &random)) }
        // As many as asked for, however chance has it.
        for start in 1..<max(least, 2) where starts.count < least { starts.insert(start) }
        let sorted = starts.sorted()
        let blocks = zip(sorted, sorted.dropFirst() + [size]).map { $0...($1 - 1) }
        return blocks.shuffled(using: &random)
    }

    mutating func lanes() -> Int { Int.random(in: 1...3, using: &random) }

    mutating func seconds(_ range: ClosedRange<Double>) -> Duration {
        .seconds(Double.random(in: range, using: &random))
    }

    mutating func rest(_ range: ClosedRange<Double>) async throws {
        try await Task.sleep(for: seconds(range))
    }
}
