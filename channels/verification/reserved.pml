/* Choices whose claims take time: a partner answers after a while, and may be choosing too. Choosers in a ring, everybody
   with both neighbours; any of them may be dropped or time out while a claim is under way. */

/* A choice is open, reserved (one claim of its own is under way), committed, or withdrawn. Its record outlives its future:
   a reserved choice that is dropped says so, which has a claim that waits answered at once, and the answer decides. Waiting goes from lower to higher numbers. */
#ifndef RING
#define RING 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef QUEUE        /* messages under way to one party */
#define QUEUE 8
#endif
#ifndef IMPATIENT    /* a set of parties, as bits: may be dropped at any time */
#define IMPATIENT 0
#endif
#ifndef MORTAL       /* may die: their peers learn so */
#define MORTAL 0
#endif
#define IN(set, p) (((set) >> (p)) & 1)
#define NOBODY 255
#define LEFT(p) (((p) + RING - 1) % RING)
#define RIGHT(p) (((p) + 1) % RING)

mtype = { offer, claim, yes, no, leave, death };
mtype = { OPEN, RESERVED, COMMITTED, WITHDRAWN, DEAD };
/* Who sends, its round, and the addressee's round that it speaks of. */
chan box[RING] = [QUEUE] of { mtype, byte, byte, byte };
mtype state[RING] = OPEN;
byte round[RING];
byte partner[RING];
byte kept[RING];      /* values received for a choice that was dropped: the next receive gets them */
bit dropped[RING];
byte target[RING];    /* whom its own claim went to */

inline tell(p, what, about) {
  box[p] ! what, me, round[me], about
}

inline begin() {
  round[me]++; partner[me] = NOBODY; state[me] = OPEN; delayed[0] = 0; delayed[1] = 0;
  tell(LEFT(me), offer, 0);
#if RING > 2
  tell(RIGHT(me), offer, 0)
#endif
}

inline commit_to(p) {
  assert(partner[me] == NOBODY && (state[me] == OPEN || state[me] == RESERVED));
  state[me] = COMMITTED; partner[me] = p;
#ifndef MUTANT_KEEP
  if :: dropped[me] -> kept[me]++ :: else fi
#endif
}

/* 0: the left neighbour, 1: the right one. */
#define AT(p) ((p) != LEFT(me))
#define NEIGHBOUR(i) ((me + (i) + (1 - (i)) * (RING - 1)) % RING)

inline refuse_delayed() {
  i = 0;
  do
  :: i < 2 -> if :: delayed[i] != 0 -> tell(NEIGHBOUR(i), no, delayed[i]); delayed[i] = 0 :: else fi; i++
  :: else -> i = 0; break
  od
}

/* A refused choice is open again, or gone if it was dropped; a claim that waited for that is answered. */
inline refused() {
  target[me] = NOBODY; i = 0;
  if
  :: dropped[me] -> state[me] = WITHDRAWN
  :: else ->
     state[me] = OPEN;
     do
     :: i < 2 && delayed[i] == 0 -> i++
     :: i < 2 && delayed[i] != 0 ->
        commit_to(NEIGHBOUR(i)); tell(NEIGHBOUR(i), yes, delayed[i]); delayed[i] = 0; claimable[i] = 0; break
     :: else -> break
     od
  fi;
  if :: state[me] != OPEN -> refuse_delayed() :: else fi;
  i = 0
}

/* Somebody claims me, for my round `mine`. */
inline claimed_by(p, theirs, mine) {
  i = AT(p);
  if
#ifdef MUTANT_ROUND
  :: state[me] == OPEN ->
#else
  :: mine == round[me] && state[me] == OPEN ->
#endif
     commit_to(p); tell(p, yes, theirs); claimable[i] = 0
  :: mine == round[me] && state[me] == RESERVED ->
     if
#ifdef MUTANT_DELAY_ALL
     :: true -> delayed[i] = theirs
#else
     :: me > p -> delayed[i] = theirs
     :: me < p ->
        /* Its offer stands, else two that want each other might both fall asleep. */
        tell(p, no, theirs);
#ifdef MUTANT_FORGET
        claimable[i] = 0
#else
        claimable[i] = theirs
#endif
#endif
     fi
  :: else -> tell(p, no, theirs)
  fi;
  i = 0
}

proctype chooser(byte me) {
  byte claimable[2], delayed[2];   /* rounds of the neighbours' offers that may be claimed, and of claims not answered yet */
  byte p, theirs, mine, i, wanted;
  d_step { begin() }
end: do
  :: atomic {
       state[me] == OPEN && claimable[0] != 0 ->
       wanted = claimable[0]; tell(LEFT(me), claim, wanted); claimable[0] = 0; target[me] = LEFT(me); state[me] = RESERVED
     }
  :: atomic {
       state[me] == OPEN && claimable[1] != 0 ->
       wanted = claimable[1]; tell(RIGHT(me), claim, wanted); claimable[1] = 0; target[me] = RIGHT(me); state[me] = RESERVED
     }
  :: atomic { box[me] ? offer, p, theirs, mine -> i = AT(p); claimable[i] = theirs; i = 0; p = 0; theirs = 0; mine = 0 }
  :: atomic { box[me] ? claim, p, theirs, mine -> claimed_by(p, theirs, mine); p = 0; theirs = 0; mine = 0 }
  :: atomic {
       box[me] ? yes, p, theirs, mine ->
#ifdef MUTANT_WITHDRAW
       if
       :: state[me] == WITHDRAWN
       :: else ->
#endif
       assert(mine == round[me] && theirs == wanted && state[me] == RESERVED && target[me] == p);
       target[me] = NOBODY; wanted = 0; commit_to(p); refuse_delayed()
#ifdef MUTANT_WITHDRAW
       fi
#endif
       ; p = 0; theirs = 0; mine = 0
     }
  :: atomic {
       box[me] ? no, p, theirs, mine ->
#ifdef MUTANT_WITHDRAW
       if
       :: state[me] == WITHDRAWN
       :: else ->
#endif
       assert(mine == round[me] && state[me] == RESERVED && target[me] == p);
       wanted = 0; refused()
#ifdef MUTANT_WITHDRAW
       fi
#endif
       ; p = 0; theirs = 0; mine = 0
     }
  :: atomic {
       /* Its offer is void, and a claim of it that waits for an answer need not wait. */
       box[me] ? leave, p, theirs, mine ->
       i = AT(p);
       if :: claimable[i] == theirs -> claimable[i] = 0 :: else fi;
#ifndef MUTANT_LEAVE
       if :: delayed[i] == theirs -> tell(p, no, theirs) :: else fi;
#endif
       if :: delayed[i] == theirs -> delayed[i] = 0 :: else fi;
       i = 0; p = 0; theirs = 0; mine = 0
     }
  :: atomic {
       /* A claim on somebody who died counts as refused; so does the wait for a connection that has gone. */
       box[me] ? death, p, theirs, mine ->
       i = AT(p); claimable[i] = 0; delayed[i] = 0; i = 0;
#ifndef MUTANT_DEATH
       if :: state[me] == RESERVED && target[me] == p -> wanted = 0; refused() :: else fi;
#endif
       p = 0; theirs = 0; mine = 0
     }
  :: atomic {
       IN(IMPATIENT, me) && !dropped[me] && round[me] == ROUNDS && (state[me] == OPEN || state[me] == RESERVED) ->
       if
       :: state[me] == OPEN -> dropped[me] = 1; state[me] = WITHDRAWN; refuse_delayed()
#ifdef MUTANT_WITHDRAW
       :: state[me] == RESERVED -> dropped[me] = 1; state[me] = WITHDRAWN; refuse_delayed()
#else
       :: state[me] == RESERVED -> dropped[me] = 1; tell(target[me], leave, wanted)
#endif
       fi
     }
  :: atomic {
       IN(MORTAL, me) && state[me] != DEAD ->
       tell(LEFT(me), death, 0);
#if RING > 2
       tell(RIGHT(me), death, 0);
#endif
       state[me] = DEAD; goto dead
     }
  :: atomic { state[me] == COMMITTED && round[me] < ROUNDS -> begin() }
  od;
dead:
end_dead:
  do
  :: box[me] ? _, _, _, _
  od
}

/* Looks at how it all ended. */
active proctype judge() {
  byte i;
  atomic {
    for (i : 0 .. RING - 1) { partner[i] = NOBODY; target[i] = NOBODY; run chooser(i) }
    i = 0
  }
  timeout ->
  d_step {
    for (i : 0 .. RING - 1) {
      assert(state[i] != RESERVED);
      assert(state[i] != OPEN || state[RIGHT(i)] != OPEN);
      assert(kept[i] == (dropped[i] && state[i] == COMMITTED));
#if ROUNDS == 1
      assert(state[i] != COMMITTED || state[partner[i]] == DEAD || partner[partner[i]] == i)
#endif
    }
  }
}
