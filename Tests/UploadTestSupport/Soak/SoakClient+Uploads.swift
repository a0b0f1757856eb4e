import Foundation

/// Uploads that are to end well, on straight ways and others.
extension SoakClient {
    mutating func plain() async throws {
        let file = file()
        let upload = try await world.register(task(file), file, .plain)
        try await world.deliver(blocks(of: file), of: upload, lanes: lanes())
        try await world.conclude(upload)
    }

    mutating func repeats() async throws {
        let file = file()
        let upload = try await world.register(task(file), file, .repeats)
        let blocks = blocks(of: file)
        try await world.deliver(blocks, of: upload, lanes: lanes())
        try await world.deliver(blocks.filter { _ in random.next() % 2 == 0 }, of: upload, lanes: 2, isNew: false)
        try await world.conclude(upload)
    }

    mutating func overlaps() async throws {
        let file = file()
        let upload = try await world.register(task(file), file, .overlaps)
        let size = file.bytes.count
        let blocks = (0..<6).map { _ in
            let start = Int.random(in: 0..<size, using: &random)
            return start...Int.random(in: start..<size, using: &random)
        }
        // Whether one of them has new bytes is for the server to know.
        try await world.deliver(blocks, of: upload, lanes: 3, isNew: false)
        try await world.conclude(upload)
    }

    mutating func twoAtOnce() async throws {
        let file = file()
        let task = task(file)
        let world = world
        async let one = world.register(task, file, .twoAtOnce)
        async let other = world.register(task, file, .twoAtOnce)
        let uploads = try await [one, other]
        guard uploads[0].id == uploads[1].id else { return try await oneAfterTheOther(uploads) }
        let plans = [blocks(of: file), blocks(of: file)]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for plan in plans {
                // Of one task they know together what is held and since when.
                group.addTask { try await world.deliver(plan, of: uploads[0], lanes: 2) }
            }
            try await group.waitForAll()
        }
        try await world.conclude(uploads[0])
    }

    /// One of two equal registrations was refused, in a disk spell perhaps, until the other's task had timed out. There are
    /// never two that are open.
    private func oneAfterTheOther(_ uploads: [SoakUpload]) async throws {
        var open: [Int64] = []
        for upload in uploads {
            let info = try await world.survivor.untilAnswered { try await upload.handle.info() }
            if info["status"].text == "upload" { open.append(upload.id) }
        }
        guard open.count < 2 else { throw SoakWorld.Unexpected(description: "one registration is open twice: \(open)") }
        for upload in uploads { try await world.conclude(upload) }
    }

    mutating func pauses() async throws {
        let file = file(from: 2)
        let upload = try await world.register(task(file), file, .pauses)
        let blocks = blocks(of: file, from: 2)
        let half = blocks.count / 2
        try await world.deliver(Array(blocks[..<half]), of: upload, lanes: 1)
        let isPaused = try await world.change(upload, to: "pause").retCode != "9"
        if isPaused {
            let refused = try await world.survivor.send(blocks[half], of: file, to: upload.handle)
            // 9: it was paused for too long.
            if refused.retCode != "4", refused.retCode != "9" {
                try await world.endure(refused, "a block of the paused task \(upload.id)")
            }
            try await rest(0...0.3)
            _ = try await world.change(upload, to: "upload")
        }
        try await world.deliver(Array(blocks[half...]), of: upload, lanes: lanes())
        try await world.conclude(upload)
    }

    mutating func returns() async throws {
        let file = file(from: 2)
        let task = task(file)
        let before = try await world.register(task, file, .returns)
        let blocks = blocks(of: file, from: 2)
        try await world.deliver(Array(blocks.dropLast()), of: before, lanes: lanes())
        try await rest(0...1)
        let idle = before.idle
        let after = try await world.register(task, file, .returns)
        // Registering again is no activity: it is still the first registration that knows since when it is idle.
        guard after.id != before.id else { return _ = try await world.conclude(before) }
        // In its absence the first one may have timed out, if it was long.
        guard try await world.conclude(before) == "timeout" else {
            throw SoakWorld.Unexpected(description: "\(before.id) became \(after.id) after \(idle)")
        }
        try await world.conclude(after)
    }

    mutating func lies() async throws {
        let file = file()
        let upload = try await world.register(task(file), file, .lies)
        let blocks = blocks(of: file)
        let lie = Form(block: blocks[0], file[blocks[0]], md5: TestFile.md5([UInt8(number % 256)]))
        while true {
            let answer = try await world.survivor.untilAnswered {
                try await HTTP.postForm(upload.handle.uploadURL, lie)
            }
            if answer.retCode == "7" || answer.retCode == "9" { break }
            try await world.endure(answer, "a wrong partMd5 for \(upload.id)")
        }
        try await world.deliver(blocks, of: upload, lanes: lanes())
        try await world.conclude(upload)
    }

    mutating func empty() async throws {
        let file = TestFile([])
        let upload = try await world.register(task(file), file, .empty)
        try await world.conclude(upload)
    }

    mutating func sameTarget() async throws {
        let (one, other) = (file(), file())
        let place = task(one)
        let second = place.with("fileMd5", "\"\(other.md5)\"").with("fileSize", "\(other.bytes.count)")
        let uploads = [
            try await world.register(place, one, .sameTarget), try await world.register(second, other, .sameTarget),
        ]
        let plans = [blocks(of: one), blocks(of: other)]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (upload, plan) in zip(uploads, plans) {
                group.addTask { [world] in
                    try await world.deliver(plan, of: upload, lanes: 2)
                    try await world.conclude(upload)
                }
            }
            try await group.waitForAll()
        }
    }
}
