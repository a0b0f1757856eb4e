internal import CMD5

/// One way of taking chunks into a number of lanes.
enum Kernel: CaseIterable {
    /// In Swift: for the architectures that have no other.
    case portable
    case one
    case two
    case eight
    case avx2Eight
    case avx2Sixteen

    /// The lanes of the widest one.
    static let mostLanes = 16

    private static let hasAVX2 = md5_has_avx2()

    var lanes: Int {
        switch self {
        case .portable, .one: 1
        case .two: 2
        case .eight, .avx2Eight: 8
        case .avx2Sixteen: 16
        }
    }

    /// Whether this processor has it.
    var isAvailable: Bool {
        switch self {
        case .portable: true
        #if arch(x86_64) || arch(arm64)
            case .one, .two, .eight: true
        #else
            case .one, .two, .eight: false
        #endif
        case .avx2Eight, .avx2Sixteen: Self.hasAVX2
        }
    }

    /// The one that gets through a number of jobs the fastest; it has lanes for all of them, unless no kernel has.
    ///
    /// A lane of eight takes longer than one alone, and eight take as long with some of them idle; the limits are
    /// measured.
    static func best(forJobs jobs: Int) -> Kernel {
        #if arch(x86_64) || arch(arm64)
            switch jobs {
            case ...1: .one
            case 2: .two
            case ...8: hasAVX2 ? .avx2Eight : .eight
            default: hasAVX2 ? .avx2Sixteen : .eight
            }
        #else
            .portable
        #endif
    }

    /// Takes `count` chunks, from `chunks[lane]` on, into `states[lane]`, for each of the kernel's lanes.
    func take(
        _ count: Int, from chunks: UnsafePointer<UnsafeRawPointer?>, into states: UnsafeMutablePointer<md5_state>
    ) {
        switch self {
        case .portable:
            guard let bytes = chunks[0] else { return }
            takePortably(UnsafeRawBufferPointer(start: bytes, count: count * RunningMD5.chunk), into: &states[0])
        #if arch(x86_64) || arch(arm64)
            case .one: md5_take_1(states, chunks, count)
            case .two: md5_take_2(states, chunks, count)
            case .eight: md5_take_8(states, chunks, count)
        #else
            case .one, .two, .eight: preconditionFailure("not a kernel of this architecture")
        #endif
        #if arch(x86_64)
            case .avx2Eight: md5_avx2_take_8(states, chunks, count)
            case .avx2Sixteen: md5_avx2_take_16(states, chunks, count)
        #else
            case .avx2Eight, .avx2Sixteen: preconditionFailure("not a kernel of this architecture")
        #endif
        }
    }

    /// Takes in whole chunks; for kernels of one lane.
    func take(_ chunks: UnsafeRawBufferPointer, into state: inout md5_state) {
        var start = chunks.baseAddress
        take(chunks.count / RunningMD5.chunk, from: &start, into: &state)
    }
}
