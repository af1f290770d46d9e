//! Instructions of BPF, assembled into a program.

/// Operations (`Documentation/bpf/standardization/instruction-set.rst`).
pub(super) const LOAD: u8 = 0x61; // 32 bits
pub(super) const LOAD_16: u8 = 0x69;
pub(super) const LOAD_8: u8 = 0x71;
pub(super) const LOAD_64: u8 = 0x79;
pub(super) const STORE: u8 = 0x63;
pub(super) const MOVE: u8 = 0xbf;
pub(super) const SET: u8 = 0xb7;
pub(super) const ADD: u8 = 0x07;
pub(super) const AND: u8 = 0x57;
pub(super) const SHIFT_LEFT: u8 = 0x6f;
pub(super) const JUMP: u8 = 0x05;
pub(super) const IF_EQUAL: u8 = 0x15;
pub(super) const IF_OTHER: u8 = 0x55;
pub(super) const CALL: u8 = 0x85;
pub(super) const EXIT: u8 = 0x95;

/// Registers: the result, the arguments, three that survive a call, and the stack.
pub(super) const R0: u8 = 0;
pub(super) const R1: u8 = 1;
pub(super) const R2: u8 = 2;
pub(super) const R3: u8 = 3;
pub(super) const CONTEXT: u8 = 6;
pub(super) const TASK: u8 = 7;
pub(super) const FILE: u8 = 8;
pub(super) const STACK: u8 = 10;

/// Instructions, the jumps among them, and the places that these lead to.
pub(super) struct Code<Place> {
    instructions: Vec<[u8; 8]>,
    jumps: Vec<(usize, Place)>,
    places: Vec<(Place, usize)>,
    end: Place,
}

impl<Place: Copy + PartialEq> Code<Place> {
    /// No instructions yet. A jump to `end` ends the program.
    pub(super) fn new(end: Place) -> Code<Place> {
        Code { instructions: Vec::new(), jumps: Vec::new(), places: Vec::new(), end }
    }

    /// Appends an instruction (`struct bpf_insn`).
    pub(super) fn op(&mut self, op: u8, to: u8, from: u8, offset: i16, number: i32) {
        // The two registers share a byte, in the order of the machine's bit fields.
        let registers = if cfg!(target_endian = "little") { from << 4 | to } else { to << 4 | from };
        let [o0, o1] = offset.to_ne_bytes();
        let [n0, n1, n2, n3] = number.to_ne_bytes();
        self.instructions.push([op, registers, o0, o1, n0, n1, n2, n3]);
    }

    pub(super) fn load(&mut self, op: u8, to: u8, from: u8, offset: u32) -> Option<()> {
        self.op(op, to, from, i16::try_from(offset).ok()?, 0);
        Some(())
    }

    /// Appends a jump, with a condition on a register and a number.
    pub(super) fn jump(&mut self, op: u8, register: u8, number: i32, place: Place) {
        self.jumps.push((self.instructions.len(), place));
        self.op(op, register, 0, 0, number);
    }

    /// Appends a jump to the end.
    pub(super) fn out(&mut self, op: u8, register: u8, number: i32) {
        self.jump(op, register, number, self.end);
    }

    /// Jumps to this place lead here.
    pub(super) fn place(&mut self, place: Place) {
        self.places.push((place, self.instructions.len()));
    }

    /// The bytes, with an end that returns 0.
    pub(super) fn ended(mut self) -> Vec<u8> {
        self.place(self.end);
        for &(at, place) in &self.jumps {
            let to = self.places.iter().find(|(known, _)| *known == place).map_or(at + 1, |&(_, to)| to);
            // A jump counts from the next instruction.
            let far = i16::try_from(to - at - 1).unwrap_or(0).to_ne_bytes();
            self.instructions[at][2..4].copy_from_slice(&far);
        }
        self.op(SET, R0, 0, 0, 0);
        self.op(EXIT, 0, 0, 0, 0);
        self.instructions.concat()
    }
}
