extension UploadService {
    /// Says whether a registration may come from this address now. To be asked before anything of it is looked at, and
    /// once for each: who guesses tokens is slowed down too.
    ///
    /// - Parameter address: the client's; `nil` where it is not known, which is let through.
    /// - Throws: `busy`.
    public func admitRegistration(from address: IPAddress?) throws(UploadError) {
        try dependencies.limits.admit(address: address)
    }

    /// Registers a task, or returns the open one of an equal registration (contract, "POST /api/upload/new/task").
    ///
    /// Durable when it returns.
    /// - Parameters:
    ///   - token: what the business server sent as its token.
    ///   - makeRegistration: builds the registration for the business server's identity; called only for a token that
    ///     is authorised, so that a stranger learns nothing about what is wrong with the rest.
    /// - Throws: `unauthorised`, `invalidParameter`, `tooLarge`, `storage`, `busy`, and what the repository throws.
    public func register(
        token: String, _ makeRegistration: (_ identity: String) throws(UploadError) -> Registration
    ) async throws -> UploadTask {
        guard let identity = dependencies.directory.identity(ofToken: token) else {
            throw UploadError(.unauthorised, "token is not authorised")
        }
        try dependencies.limits.admit(businessServer: identity)
        let registration = try makeRegistration(identity)
        try registration.check()
        let limits = dependencies.directory.limits(of: identity)
        if let limit = limits.maxFileSize, registration.fileSize > limit {
            throw UploadError(.tooLarge, "fileSize is larger than the limit of \(limit) bytes")
        }
        let task = try await add(registration, limits)
        dependencies.observer.observe(.registered(task))
        if task.state.isComplete { finisher.enqueue(task.id) }
        return task
    }

    private func add(_ registration: Registration, _ limits: TaskLimits) async throws -> UploadTask {
        let (store, keys) = (dependencies.store, dependencies.keys)
        let task = try await withTaskExecutorPreference(store.targetExecutor) {
            let (path, reservation, target) = try await place(of: registration, limits)
            // Where the place was found out: coming back from there would take two more changes of threads.
            return try await dependencies.repository.register(
                registration, targetPath: path, generations: { keys.generations },
                admit: { (totals) throws(UploadError) in
                    // Measured in the transaction: what others have been promised by then is known there.
                    try reservation.check(totals, store.freeSpace(target: target))
                })
        }
        FaultPoint.reach(.registered)
        return task
    }

    /// Where the file goes, what is to be weighed in the transaction, and the room that finished files have. All of it is
    /// found out before the transaction, since their file system may be one that hangs, and every COMMIT would hang with it.
    private func place(
        of registration: Registration, _ limits: TaskLimits
    ) async throws -> (path: String, SpaceReservation, target: Int64?) {
        let store = dependencies.store
        let path = try await store.targetPath(storePath: registration.storePath, fileName: registration.fileName)
        var reservation = SpaceReservation(
            fileSize: registration.fileSize, maxOpenTasks: limits.maxOpenTasks,
            minFreeSpace: dependencies.policy.minFreeSpace)
        guard try await store.targetSpace() != nil else { return (path, reservation, nil) }
        let totals = try await dependencies.repository.openTotals(of: registration.businessServer)
        reservation.fileBytesBefore = totals.fileBytes
        return (path, reservation, try await store.targetSpace())
    }
}

extension Registration {
    /// - Throws: `invalidParameter` for the first parameter which can't be served.
    func check() throws(UploadError) {
        guard !userID.isEmpty else { throw .invalid("userId", "is empty") }
        guard userID.utf8.count <= 1024 else { throw .invalid("userId", "is longer than 1024 bytes") }
        guard !Self.hasControlCharacters(userID) else { throw .invalid("userId", "has control characters") }
        guard !storePath.isEmpty else { throw .invalid("storePath", "is empty") }
        guard storePath.utf8.count < 4096 else { throw .invalid("storePath", "is too long") }
        // NAME_MAX, as below; the file system finds out only where the folder above is there already.
        guard storePath.utf8.split(separator: UInt8(ascii: "/")).allSatisfy({ $0.count <= 255 }) else {
            throw .invalid("storePath", "has a folder whose name is longer than 255 bytes")
        }
        guard !Self.hasControlCharacters(storePath) else { throw .invalid("storePath", "has control characters") }
        guard !fileName.isEmpty else { throw .invalid("fileName", "is empty") }
        guard fileName != ".", fileName != "..", !fileName.utf8.contains(UInt8(ascii: "/")) else {
            throw .invalid("fileName", "must be one path component")
        }
        // NAME_MAX of Linux filesystems.
        guard fileName.utf8.count <= 255 else { throw .invalid("fileName", "is longer than 255 bytes") }
        guard !Self.hasControlCharacters(fileName) else { throw .invalid("fileName", "has control characters") }
        guard !fileName.hasPrefix(Self.reservedPrefix) else {
            throw .invalid("fileName", "must not begin with \(Self.reservedPrefix)")
        }
        guard fileSize >= 0 else { throw .invalid("fileSize", "must be a whole number, 0 or more") }
        // The largest offset that SQLite's integers, off_t and inclusive ends can all express.
        guard fileSize < Int64.max else { throw .invalid("fileSize", "is too large") }
    }

    /// What the names of files begin with that are on their way to their final one.
    public static let reservedPrefix = ".fupload-"

    private static func hasControlCharacters(_ text: String) -> Bool {
        // Those of the category Cc, which Unicode has closed.
        text.unicodeScalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }
    }
}
