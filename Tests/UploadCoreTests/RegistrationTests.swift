import Testing
import UploadTestSupport

@testable import UploadCore

@Suite struct RegistrationTests {
    private static func registration(
        user: String = "u", path: String = "/store", name: String = "f", size: Int64 = 1
    ) -> Registration {
        Registration(
            businessServer: "cp1", userID: user, storePath: path, fileName: name, fileSize: size, fileMD5: md5([]),
            feedback: nil)
    }

    @Test(arguments: [
        (registration(user: ""), "userId"), (registration(user: String(repeating: "u", count: 1025)), "userId"),
        (registration(user: "a\nb"), "userId"), (registration(user: "a\u{7F}"), "userId"),
        (registration(path: ""), "storePath"),
        (registration(path: "/" + String(repeating: "p", count: 4095)), "storePath"),
        (registration(path: "/a\u{0}b"), "storePath"), (registration(name: ""), "fileName"),
        (registration(name: "."), "fileName"), (registration(name: ".."), "fileName"),
        (registration(name: "a/b"), "fileName"), (registration(name: "/"), "fileName"),
        (registration(name: String(repeating: "é", count: 128)), "fileName"), (registration(name: "a\tb"), "fileName"),
        (registration(size: -1), "fileSize"), (registration(size: .max), "fileSize"),
    ])
    func namesTheParameterThatIsWrong(registration: Registration, parameter: String) {
        let error = #expect(throws: UploadError.self) { try registration.check() }
        #expect(error?.code == .invalidParameter)
        #expect(error?.message.hasPrefix(parameter + " ") == true)
    }

    @Test(arguments: [
        registration(), registration(user: String(repeating: "u", count: 1024)), registration(size: 0),
        registration(path: String(repeating: "p/", count: 2047) + "p"), registration(size: .max - 1),
        registration(name: String(repeating: "n", count: 255)), registration(name: "..."),
        registration(user: "用户 1", path: "../x", name: "文件 \"1\".bin"),
    ])
    func accepts(registration: Registration) {
        #expect(throws: Never.self) { try registration.check() }
    }

    // MARK: Through the service

    @Test func anEqualOneIsReturnedAgain() async throws {
        let surroundings = FakeSurroundings()
        let first = try await surroundings.register([1, 2, 3])
        let again = try await surroundings.register([1, 2, 3])
        let other = try await surroundings.register([1, 2, 4])
        #expect(first == again)
        #expect(other.id != first.id)
        #expect(first.targetPath == "/store/file.bin")
    }

    @Test func aStrangerLearnsNothing() async {
        let service = FakeSurroundings().service
        let error = await #expect(throws: UploadError.self) {
            try await service.register(token: "wrong") { _ throws(UploadError) in
                Issue.record("must not be asked for")
                throw UploadError.invalid("userId", "is empty")
            }
        }
        #expect(error?.code == .unauthorised)
    }

    @Test func refusesWhatIsTooLarge() async throws {
        let surroundings = FakeSurroundings(limits: TaskLimits(maxFileSize: 3))
        let error = await #expect(throws: UploadError.self) { try await surroundings.register([1, 2, 3, 4]) }
        #expect(error?.code == .tooLarge)
    }

    // MARK: Room

    private func refusal(_ body: () async throws -> UploadTask) async -> UploadError.Code? {
        await #expect(throws: UploadError.self) { _ = try await body() }?.code
    }

    @Test func whatIsPromisedCountsAsUsed() async throws {
        let surroundings = FakeSurroundings(policy: ServicePolicy(minFreeSpace: 2))
        surroundings.store.limit(to: 6)
        _ = try await surroundings.register([1, 2, 3])
        #expect(await refusal { try await surroundings.register([1, 2], name: "b") } == .storage)
        let second = try await surroundings.register([1], name: "b")
        #expect(await refusal { try await surroundings.register([1], name: "c") } == .storage)
        #expect(try await surroundings.register([1, 2, 3]).state == .receiving, "an open task has its room already")
        _ = try await surroundings.service.changeState(surroundings.address(second), .cancel)
        #expect(try await surroundings.register([1], name: "c").state == .receiving)
    }

    @Test func anotherFileSystemHasToTakeTheWholeFiles() async throws {
        let surroundings = FakeSurroundings()
        surroundings.store.limit(to: 100, target: 5)
        _ = try await surroundings.register([1, 2, 3])
        #expect(await refusal { try await surroundings.register([1, 2, 3], name: "b") } == .storage)
        #expect(try await surroundings.register([1, 2], name: "b").state == .receiving)
    }

    /// Two mounts of one file system: each file is there twice while it is copied to its place.
    @Test func oneFileSystemThatIsMountedTwiceHasToTakeTheFilesTwice() async throws {
        let surroundings = FakeSurroundings()
        surroundings.store.limit(to: 10, isCopied: true)
        _ = try await surroundings.register([1, 2, 3])
        // 3 to come, 3 to be copied, and 2 of this one.
        #expect(await refusal { try await surroundings.register([1, 2, 3], name: "b") } == .storage)
        #expect(try await surroundings.register([1, 2], name: "b").state == .receiving)
    }

    /// A file that comes to its place between the measuring and the transaction is counted in neither.
    @Test func whatWasPromisedBeforeTheMeasuringCounts() {
        let totals = OpenTotals(openTasks: 0, missingBytes: 0, fileBytes: 0)
        var reservation = SpaceReservation(fileSize: 5, maxOpenTasks: nil, minFreeSpace: 0)
        #expect(throws: Never.self) { try reservation.check(totals, FreeSpace(staging: 100, target: 10)) }
        reservation.fileBytesBefore = 6
        #expect(throws: UploadError.self) { try reservation.check(totals, FreeSpace(staging: 100, target: 10)) }
    }

    /// The file system of finished files hangs: no COMMIT waits for it.
    @Test func aStoreThatHangsHoldsNoTransaction() async throws {
        let surroundings = FakeSurroundings()
        let task = try await surroundings.register([1, 2, 3])
        let hanging = surroundings.store.faults.hold(.space)
        let waiting = Task { try await surroundings.register([4, 5, 6], name: "b") }
        await hanging.arrived()
        #expect(try await surroundings.service.changeState(surroundings.address(task), .pause).state == .paused)
        hanging.open()
        #expect(try await waiting.value.state == .receiving)
    }

    @Test func aSizeBeyondAllDisksIsRefusedAndNotWrappedAround() async {
        let reservation = SpaceReservation(fileSize: .max - 1, maxOpenTasks: nil, minFreeSpace: .max)
        let totals = OpenTotals(openTasks: 1, missingBytes: .max, fileBytes: .max)
        #expect(throws: UploadError.self) { try reservation.check(totals, FreeSpace(staging: 0, target: 0)) }
        #expect(throws: UploadError.self) { try reservation.check(totals, FreeSpace(staging: .max, target: nil)) }
    }

    @Test func openTasksAreLimited() async throws {
        let surroundings = FakeSurroundings(limits: TaskLimits(maxOpenTasks: 1))
        let first = try await surroundings.register([1])
        #expect(await refusal { try await surroundings.register([2]) } == .busy)
        #expect(try await surroundings.register([1]).id == first.id)
        _ = try await surroundings.service.changeState(surroundings.address(first), .cancel)
        #expect(try await surroundings.register([2]).state == .receiving)
    }

    @Test func refusesAPathThatTheStoreRefuses() async throws {
        let service = FakeSurroundings().service
        let error = await #expect(throws: UploadError.self) {
            try await service.register(token: "secret-token") { _ in Self.registration(path: "relative") }
        }
        #expect(error?.message.hasPrefix("storePath") == true)
    }
}
