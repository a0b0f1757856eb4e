import Testing

@testable import UploadCore

@Suite struct TaskIDsTests {
    private let ids: [TaskID] = {
        let ids = TaskIDs()
        return (0..<100 * TaskIDs.neighbours).map { _ in ids.next() }
    }()

    @Test func allDiffer() {
        #expect(Set(ids).count == ids.count)
    }

    @Test func thoseOfATimeAreNeighbours() {
        for first in stride(from: 0, to: ids.count, by: TaskIDs.neighbours) {
            let some = ids[first..<first + TaskIDs.neighbours]
            #expect(Set(some.map { $0.rawValue / TaskIDs.span }).count == 1)
            // Not one after the other: whoever has one does not know the next.
            #expect(some.map(\.rawValue) != some.map(\.rawValue).sorted())
        }
    }

    @Test func neighbourhoodsAreSpreadOverAllNumbers() {
        let quarters = Set(ids.map { $0.rawValue * 4 / TaskID.maximum })
        #expect(quarters == [0, 1, 2, 3])
    }
}
