/// What has become of the changes that were not certain when the power went.
package enum Fate: Sendable, CaseIterable {
    /// Nothing of them has arrived.
    case none
    /// Everything.
    case all
    /// Each sector, size and name as the dice say.
    case anySubset
    /// All of some files and folders, nothing of others, any subset of the rest.
    case byFile
    /// All but one sector, size or name.
    case allButOne
    /// One sector, size or name.
    case onlyOne
    /// What was done up to some moment, as a journal has it.
    case inOrder
    /// Names and sizes, but no bytes.
    case namesOnly
    /// Bytes and sizes, but no names.
    case bytesOnly
}

extension SimulatedDisk {
    private static let sectorSize = 512

    /// The disk after a power cut at this moment.
    package func crash(_ fate: Fate, _ random: inout SeededGenerator) -> DiskImage {
        var dice = Dice(fate: fate, random: random)
        if fate == .allButOne || fate == .onlyOne {
            var counting = Dice(fate: .none, random: random)
            _ = decide(&counting)
            dice.chooseUnit(of: counting.units)
        }
        dice.chooseMoment(from: oldestPending, to: count)
        let (entries, contents) = decide(&dice)
        random = dice.random
        var image = DiskImage()
        collect(0, "", entries, contents, into: &image)
        return image
    }

    private var oldestPending: Int {
        min(
            files.compactMap { $0.pending.first?.index }.min() ?? count,
            folders.compactMap { $0.pending.first?.index }.min() ?? count)
    }

    private func decide(_ dice: inout Dice) -> (entries: [[String: Node]], contents: [Int: [UInt8]]) {
        let entries = folders.map { folder in
            dice.beginObject()
            var entries = folder.certain
            for change in folder.pending where dice.nameArrives(change.index) { entries.apply(change.kind) }
            return entries
        }
        // Files without a name, whatever arrives, can't be seen.
        let named = Set(folders.flatMap { $0.pending.compactMap(\.kind.node) + Array($0.certain.values) })
        var contents: [Int: [UInt8]] = [:]
        for (number, file) in files.enumerated() where !file.pending.isEmpty && named.contains(.file(number)) {
            dice.beginObject()
            contents[number] = content(of: file, &dice)
        }
        return (entries, contents)
    }

    private func content(of file: File, _ dice: inout Dice) -> [UInt8] {
        var sizes = [file.certain.count]
        var sectors: [Int: [(position: Int, change: FileChange)]] = [:]
        for (position, change) in file.pending.enumerated() {
            let (range, size) = change.kind.extent(ofSize: sizes[position])
            sizes.append(size)
            guard !range.isEmpty else { continue }
            for sector in range.lowerBound / Self.sectorSize...(range.upperBound - 1) / Self.sectorSize {
                sectors[sector, default: []].append((position, change))
            }
        }
        let sized = dice.arrived(of: file.pending.map(\.index), isSize: true)
        var bytes = file.certain
        bytes.resize(to: sizes.max() ?? 0)
        for (sector, changes) in sectors.sorted(by: { $0.key < $1.key }) {
            let range = sector * Self.sectorSize..<min((sector + 1) * Self.sectorSize, bytes.count)
            let writes = changes.filter(\.change.kind.isWrite)
            let last = writes.prefix(dice.arrived(of: writes.map(\.change.index), isSize: false)).last?.position ?? -1
            for (position, change) in changes where position <= (change.kind.isWrite ? last : sized - 1) {
                bytes.apply(change.kind, within: range)
            }
        }
        bytes.resize(to: sizes[sized])
        return bytes
    }

    private func collect(
        _ folder: Int, _ prefix: String, _ entries: [[String: Node]], _ contents: [Int: [UInt8]],
        into image: inout DiskImage
    ) {
        for (name, node) in entries[folder].sorted(by: { $0.key < $1.key }) {
            switch node {
            case .folder(let number):
                image.append(prefix + name, .folder)
                collect(number, prefix + name + "/", entries, contents, into: &image)
            case .file(let number):
                guard !name.hasSuffix("-shm") else { continue }
                let bytes = contents[number] ?? files[number].certain
                image.append(prefix + name, .file(number: number, mode: files[number].mode, bytes: bytes))
            }
        }
    }
}

/// Decides for each change whether it has arrived.
private struct Dice {
    let fate: Fate
    var random: SeededGenerator
    /// Sectors, sizes and names asked about so far.
    private(set) var units = 0
    private var chosen = -1
    private var moment = 0
    private var ofObject = Fate.anySubset

    init(fate: Fate, random: SeededGenerator) {
        self.fate = fate
        self.random = random
    }

    mutating func chooseUnit(of count: Int) {
        if count > 0 { chosen = Int.random(in: 0..<count, using: &random) }
    }

    mutating func chooseMoment(from start: Int, to end: Int) {
        moment = Int.random(in: start...end, using: &random)
    }

    mutating func beginObject() {
        guard fate == .byFile else { return }
        ofObject = [Fate.none, .all, .anySubset].randomElement(using: &random) ?? .anySubset
    }

    mutating func nameArrives(_ index: Int) -> Bool {
        switch fate {
        case .namesOnly: true
        case .bytesOnly: false
        default: arrived(of: [index], isSize: false) == 1
        }
    }

    /// How many of these changes of one thing have arrived; the later ones have not.
    mutating func arrived(of indexes: [Int], isSize: Bool) -> Int {
        defer { units += 1 }
        switch fate == .byFile ? ofObject : fate {
        case .none: return 0
        case .all, .bytesOnly: return indexes.count
        case .anySubset, .byFile: return Int.random(in: 0...indexes.count, using: &random)
        case .allButOne: return units == chosen ? 0 : indexes.count
        case .onlyOne: return units == chosen ? indexes.count : 0
        case .inOrder: return indexes.count { $0 < moment }
        case .namesOnly: return isSize ? indexes.count : 0
        }
    }
}

extension SimulatedDisk.FolderChange.Kind {
    /// What gets a name.
    fileprivate var node: SimulatedDisk.Node? {
        switch self {
        case .set(_, let node), .move(_, _, let node): node
        case .remove: nil
        }
    }
}

extension SimulatedDisk.FileChange.Kind {
    fileprivate var isWrite: Bool {
        if case .write = self { true } else { false }
    }

    /// The bytes that it changes in a file of this size, and the size afterwards.
    fileprivate func extent(ofSize size: Int) -> (range: Range<Int>, size: Int) {
        switch self {
        case .write(let offset, let bytes): (offset..<offset + bytes.count, max(size, offset + bytes.count))
        case .resize(let from, let to): (min(from, to)..<from, to)
        }
    }
}
