/* exit(3): the status is main()'s value & 0377: 127 gives 127. */
/* want-status: 127 */
int main(void)
{
    return 127;
}
